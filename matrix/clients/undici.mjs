import { Agent, request } from 'undici';
import { answer } from './answer.mjs';

await answer(async ({ url, mode, timeoutMs }, got) => {
  const dispatcher = new Agent({
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    allowH2: true,
  });
  if (mode === 'json') {
    const { statusCode, body } = await request(url, { method: 'POST', body: '{}', dispatcher });
    got.status = statusCode;
    got.got = await body.json();
    return;
  }
  const headers = { accept: 'text/event-stream' };
  const { statusCode, body } = await request(url, { headers, dispatcher });
  got.status = statusCode;
  got.text = '';
  for await (const bytes of body) got.text += bytes;
});
