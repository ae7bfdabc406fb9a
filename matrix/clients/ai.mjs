// Vercel's AI SDK with a provider that speaks OpenAI's wire format.
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText, streamText } from 'ai';
import { answer, words } from './answer.mjs';
import { impatientFetch } from './impatient-fetch.mjs';

await answer(async ({ url, mode, timeoutMs }, got) => {
  const fetch = impatientFetch(timeoutMs);
  const provider = createOpenAICompatible({ name: 'matrix', baseURL: url, fetch });
  const question = { model: provider('matrix'), prompt: 'hold', maxRetries: 0 };
  if (mode === 'json') {
    const { text } = await generateText(question);
    got.got = text;
    return;
  }
  got.events = [];
  // textStream ends as if nothing was wrong; the error comes to onError.
  const { textStream } = streamText({
    ...question,
    onError: ({ error }) => {
      got.error = `onError: ${words(error)}`;
    },
  });
  for await (const text of textStream) got.events.push(text);
});
