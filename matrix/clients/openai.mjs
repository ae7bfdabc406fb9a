import OpenAI from 'openai';
import { answer } from './answer.mjs';
import { impatientFetch } from './impatient-fetch.mjs';

await answer(async ({ url, mode, timeoutMs }, got) => {
  const fetch = impatientFetch(timeoutMs);
  const client = new OpenAI({ baseURL: url, apiKey: 'none', maxRetries: 0, fetch });
  /** @type {{ model: string, messages: { role: 'user', content: string }[] }} */
  const question = { model: 'matrix', messages: [{ role: 'user', content: 'hold' }] };
  if (mode === 'json') {
    const completion = await client.chat.completions.create(question);
    // A body that is no completion is given as it is: whoever takes it for one reads `choices`.
    got.got = completion.choices?.[0]?.message.content ?? completion;
    return;
  }
  got.events = [];
  const stream = await client.chat.completions.create({ ...question, stream: true });
  for await (const chunk of stream) {
    const text = chunk.choices?.[0]?.delta.content;
    if (text) got.events.push(text);
    else if (chunk.choices === undefined) got.events.push(chunk);
  }
});
