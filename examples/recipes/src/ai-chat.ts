// The chat route of the AI SDK, for useChat. Two silences are covered: while documents are looked up
// and no Response exists yet, and before the model's first token. (`keepAliveMs` of the AI SDK covers
// the second. Its text streams are text/plain, which can carry no beats: use UI message streams.)
//
//   UPSTREAM_URL=http://localhost:11434/v1 MODEL=slow npx tsx examples/recipes/src/ai-chat.ts
//   The upstream is Ollama, vLLM or src/slow-model.ts.
import { setTimeout as sleep } from 'node:timers/promises';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { getHold, holdOpen } from '@holdopen/fetch';
import { serve } from '@hono/node-server';
import {
  APICallError,
  convertToModelMessages,
  streamText,
  UI_MESSAGE_STREAM_HEADERS,
  type UIMessage,
} from 'ai';

const {
  PORT = '3000',
  HOLD_INTERVAL_MS = '8000',
  WORK_MS = '20000',
  UPSTREAM_URL = 'http://localhost:11434/v1',
  MODEL = 'slow',
} = process.env;

const upstream = createOpenAICompatible({ name: 'upstream', baseURL: UPSTREAM_URL });

const chat = holdOpen(
  async (request: Request) => {
    const { messages, model = MODEL } = (await request.json()) as ChatRequest;
    if (!Array.isArray(messages)) return Response.json({ error: 'no messages' }, { status: 400 });
    const { signal } = getHold(request);
    const answer = streamText({
      model: upstream(model),
      system: await lookUp(signal),
      messages: await convertToModelMessages(messages),
      abortSignal: signal,
    });
    return answer.toUIMessageStreamResponse({ onError: explain });
  },
  {
    intervalMs: Number(HOLD_INTERVAL_MS),
    // If the first beat comes before the Response, these are its head; they name an event stream.
    headers: () => UI_MESSAGE_STREAM_HEADERS,
    // A model that breaks off breaks the stream. So that the page sees an error of its own kind:
    lateError: ({ detail }) => ({ type: 'error', errorText: detail ?? 'The model broke off.' }),
  },
);

interface ChatRequest {
  readonly messages?: UIMessage[];
  readonly model?: string;
}

/** Stands in for a search in your documents. */
async function lookUp(signal: AbortSignal): Promise<string> {
  await sleep(Number(WORK_MS), undefined, { signal });
  return 'You know the answer to everything.';
}

/** What the page may know of an error. */
function explain(error: unknown): string {
  return APICallError.isInstance(error) ? error.message : 'The model broke off.';
}

serve({ fetch: chat, port: Number(PORT) }, ({ port }) => {
  console.log(`Listening on http://localhost:${port}/api/chat`);
});
