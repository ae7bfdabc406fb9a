import axios from 'axios';
import { answer } from './answer.mjs';

await answer(async ({ url, mode, timeoutMs }, got) => {
  if (mode === 'json') {
    // Default: what does not parse is given as text. A program that wants an error says so.
    const response = await axios.post(url, {}, { timeout: timeoutMs });
    got.status = response.status;
    got.got = response.data;
    return;
  }
  const headers = { accept: 'text/event-stream' };
  const response = await axios.get(url, { timeout: timeoutMs, headers, responseType: 'stream' });
  got.status = response.status;
  got.text = '';
  for await (const bytes of response.data) got.text += bytes;
});
