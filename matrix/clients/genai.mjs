import { GoogleGenAI } from '@google/genai';
import { answer } from './answer.mjs';
import { impatientFetch } from './impatient-fetch.mjs';

await answer(async ({ url, mode, timeoutMs }, got) => {
  // It takes no fetch of ours, so it gets it as the global one.
  globalThis.fetch = impatientFetch(timeoutMs);
  const client = new GoogleGenAI({ apiKey: 'none', httpOptions: { baseUrl: url } });
  const question = { model: 'matrix', contents: 'hold' };
  if (mode === 'json') {
    const response = await client.models.generateContent(question);
    // What has no candidates is an answer without text.
    got.got = response.text ?? null;
    return;
  }
  got.events = [];
  for await (const chunk of await client.models.generateContentStream(question)) {
    got.events.push(chunk.text ?? null);
  }
});
