import { DefaultChatTransport, readUIMessageStream, type UIMessage } from 'ai';
import { expect, test } from 'vitest';
import { post } from './support/json-route.js';
import { type Path, program, recipe } from './support/program.js';

const upstream = program('src/slow-model.ts');
const { held, plain } = recipe('src/ai-chat.ts', {
  env: () => ({ UPSTREAM_URL: `${upstream.url}/v1` }),
});

const question: UIMessage = {
  id: '1',
  role: 'user',
  parts: [{ type: 'text', text: 'What is the answer?' }],
};

/** Asks as useChat does, and gives the text of the answer. */
async function chat(way: Path, model: string): Promise<string> {
  const transport = new DefaultChatTransport({ api: `${way.url}/api/chat`, body: { model } });
  const stream = await transport.sendMessages({
    trigger: 'submit-message',
    chatId: '1',
    messageId: undefined,
    messages: [question],
    abortSignal: undefined,
  });
  let text = '';
  for await (const message of readUIMessageStream({ stream, terminateOnError: true })) {
    text = message.parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
  }
  return text;
}

test.concurrent('without holdopen the chat fails before its first token', async () => {
  const way = await plain.openPath();
  await expect(chat(way, 'slow')).rejects.toThrow('fetch failed');
  expect(way.kills).toBe(1);
});

test.concurrent('with it the answer comes, with beats before its first token', async () => {
  const way = await held.openPath();
  expect(await chat(way, 'slow')).toBe('It is forty-two.');
  const [documents, ...tokens] = way.sent.split(/^data: \{"type":"(?:start|text-delta)"/m);
  expect(documents).toContain('x-vercel-ai-ui-message-stream: v1');
  expect(documents).toContain(': keepalive\n\n');
  expect(tokens[0]).toContain(': keepalive\n\n');
  expect(way.kills).toBe(0);
});

test.concurrent("a model that refuses late is the chat's error", async () => {
  const way = await held.openPath();
  await expect(chat(way, 'too-long')).rejects.toThrow('The prompt has too many tokens.');
});

test.concurrent('so is one that breaks off', async () => {
  const way = await held.openPath();
  await expect(chat(way, 'drops')).rejects.toThrow('The model broke off.');
});

test('a request without messages is refused with its status', async () => {
  const response = await post(`${held.url}/api/chat`, {});
  expect(response.status).toBe(400);
  expect(await response.json()).toEqual({ error: 'no messages' });
});
