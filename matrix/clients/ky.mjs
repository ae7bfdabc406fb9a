import ky from 'ky';
import { answer } from './answer.mjs';

await answer(async ({ url, mode, timeoutMs }, got) => {
  const options = { timeout: timeoutMs, retry: 0 };
  if (mode === 'json') {
    const response = await ky.post(url, { ...options, json: {} });
    got.status = response.status;
    got.got = await response.json();
    return;
  }
  const response = await ky.get(url, { ...options, headers: { accept: 'text/event-stream' } });
  got.status = response.status;
  got.text = '';
  const decoder = new TextDecoder();
  if (response.body === null) return;
  for await (const bytes of response.body) got.text += decoder.decode(bytes, { stream: true });
});
