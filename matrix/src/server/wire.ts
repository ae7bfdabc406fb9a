import { z } from 'zod';

/** What a client expects of its server: the answer is `held`; as a stream it is `first`, then `last`. */
export interface Wire {
  /** The whole answer, as JSON. */
  answer(request: unknown): unknown;
  /** A stream: what comes before and with the first event, and the rest. */
  events(request: unknown): readonly [first: string, last: string];
  /** The body of an error. */
  failure(request: unknown): unknown;
}

const event = (data: unknown, name?: string): string =>
  `${name === undefined ? '' : `event: ${name}\n`}data: ${JSON.stringify(data)}\n\n`;
const named = <Data extends { readonly type: string }>(data: Data): string =>
  event(data, data.type);

const plain: Wire = {
  answer: () => ({ answer: 'held' }),
  events: () => ['data: first\n\n', 'data: last\n\n'],
  failure: () => ({ error: 'unprocessable' }),
};

const openaiHead = { id: 'chatcmpl-1', created: 1_750_000_000, model: 'matrix' };
const openaiChunk = (delta: object, finishReason: string | null): string =>
  event({
    ...openaiHead,
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta, finish_reason: finishReason }],
  });

/** https://platform.openai.com/docs/api-reference/chat */
const openai: Wire = {
  answer: () => ({
    ...openaiHead,
    object: 'chat.completion',
    choices: [{ index: 0, message: { role: 'assistant', content: 'held' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
  }),
  events: () => [
    openaiChunk({ role: 'assistant', content: 'first' }, null),
    `${openaiChunk({ content: 'last' }, null)}${openaiChunk({}, 'stop')}data: [DONE]\n\n`,
  ],
  failure: () => ({
    error: { message: 'unprocessable', type: 'invalid_request_error', code: 'matrix' },
  }),
};

const anthropicMessage = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'matrix',
  stop_sequence: null,
};
const anthropicText = (text: string): string =>
  named({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } });

/** https://docs.anthropic.com/en/api/messages */
const anthropic: Wire = {
  answer: () => ({
    ...anthropicMessage,
    content: [{ type: 'text', text: 'held' }],
    stop_reason: 'end_turn',
    usage: { input_tokens: 1, output_tokens: 1 },
  }),
  events: () => [
    [
      named({
        type: 'message_start',
        message: {
          ...anthropicMessage,
          content: [],
          stop_reason: null,
          usage: { input_tokens: 1, output_tokens: 0 },
        },
      }),
      named({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
      anthropicText('first'),
    ].join(''),
    [
      anthropicText('last'),
      named({ type: 'content_block_stop', index: 0 }),
      named({
        type: 'message_delta',
        delta: { stop_reason: 'end_turn', stop_sequence: null },
        usage: { output_tokens: 2 },
      }),
      named({ type: 'message_stop' }),
    ].join(''),
  ],
  failure: () => ({
    type: 'error',
    error: { type: 'invalid_request_error', message: 'unprocessable' },
  }),
};

const googleAnswer = (text: string, finishReason?: string): object => ({
  candidates: [{ content: { role: 'model', parts: [{ text }] }, finishReason, index: 0 }],
});

/** https://ai.google.dev/api/generate-content */
const google: Wire = {
  answer: () => googleAnswer('held', 'STOP'),
  events: () => [event(googleAnswer('first')), event(googleAnswer('last', 'STOP'))],
  failure: () => ({
    error: { code: 422, message: 'unprocessable', status: 'INVALID_ARGUMENT' },
  }),
};

const Call = z.object({
  id: z.union([z.string(), z.number()]),
  params: z.object({
    _meta: z.object({ progressToken: z.union([z.string(), z.number()]) }).optional(),
  }),
});

/** https://modelcontextprotocol.io/specification: the answer to `tools/call`. */
const mcp: Wire = {
  answer: (request) => toolResult(request, ['held']),
  events: (request) => [
    event({
      jsonrpc: '2.0',
      method: 'notifications/progress',
      params: {
        progressToken: Call.parse(request).params._meta?.progressToken ?? 0,
        progress: 1,
        message: 'first',
      },
    }),
    event(toolResult(request, ['last'])),
  ],
  failure: (request) => ({
    jsonrpc: '2.0',
    id: Call.parse(request).id,
    error: { code: -32_602, message: 'unprocessable' },
  }),
};

function toolResult(request: unknown, texts: readonly string[]): object {
  const content = texts.map((text) => ({ type: 'text', text }));
  return { jsonrpc: '2.0', id: Call.parse(request).id, result: { content } };
}

export const WIRES = { plain, openai, anthropic, google, mcp };
export type WireName = keyof typeof WIRES;

export function isWire(name: string | undefined): name is WireName {
  return name !== undefined && Object.hasOwn(WIRES, name);
}
