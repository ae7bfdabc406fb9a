import Anthropic from '@anthropic-ai/sdk';
import { answer } from './answer.mjs';
import { impatientFetch } from './impatient-fetch.mjs';

await answer(async ({ url, mode, timeoutMs }, got) => {
  const fetch = impatientFetch(timeoutMs);
  const client = new Anthropic({ baseURL: url, apiKey: 'none', maxRetries: 0, fetch });
  /** @type {{ model: string, max_tokens: number, messages: { role: 'user', content: string }[] }} */
  const question = {
    model: 'matrix',
    max_tokens: 10,
    messages: [{ role: 'user', content: 'hold' }],
  };
  if (mode === 'json') {
    const message = await client.messages.create(question);
    // A body that is no message is given as it is.
    const block = message.content?.[0];
    got.got = block?.type === 'text' ? block.text : message;
    return;
  }
  got.events = [];
  for await (const event of await client.messages.create({ ...question, stream: true })) {
    if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') {
      got.events.push(event.delta.text);
    }
  }
});
