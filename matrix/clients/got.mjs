import got from 'got';
import { answer } from './answer.mjs';

await answer(async ({ url, mode, timeoutMs }, told) => {
  const options = { timeout: { socket: timeoutMs }, retry: { limit: 0 } };
  if (mode === 'json') {
    const response = await got.post(url, { ...options, json: {}, responseType: 'json' });
    told.status = response.statusCode;
    told.got = response.body;
    return;
  }
  const stream = got.stream(url, { ...options, headers: { accept: 'text/event-stream' } });
  stream.on('response', ({ statusCode }) => {
    told.status = statusCode;
  });
  told.text = '';
  for await (const bytes of stream) told.text += bytes;
});
