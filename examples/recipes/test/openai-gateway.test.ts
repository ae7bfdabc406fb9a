import OpenAI, { APIError, RateLimitError } from 'openai';
import { describe, expect, test } from 'vitest';
import { type Program, program, recipe } from './support/program.js';

const upstream = program('src/slow-model.ts');
const { held, plain } = recipe('src/openai-gateway.ts', {
  env: () => ({ UPSTREAM_URL: `${upstream.url}/v1` }),
});

const messages = [{ role: 'user', content: 'What is the answer?' }] as const;

/** How often the upstream was asked for a model. */
function timesAsked(model: string): number {
  return upstream.output.split('\n').filter((line) => line.endsWith(` ${model}`)).length;
}

async function open(gateway: Program) {
  const way = await gateway.openPath();
  const client = new OpenAI({ baseURL: `${way.url}/v1`, apiKey: 'any' });
  return { way, completions: client.chat.completions };
}

async function complete(gateway: Program, model: string) {
  const { completions } = await open(gateway);
  const { choices } = await completions.create({ model, messages: [...messages] });
  return choices[0]?.message.content;
}

/** The pieces of an answer as they came, `into` which they are put. */
async function stream(gateway: Program, model: string, into: (string | null | undefined)[] = []) {
  const { completions } = await open(gateway);
  const events = await completions.create({ model, messages: [...messages], stream: true });
  for await (const { choices } of events) into.push(choices[0]?.delta.content);
  return into;
}

async function errorOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    (answer) => expect.fail(`answered: ${JSON.stringify(answer)}`),
    (error: unknown) => error,
  );
}

describe.concurrent('without holdopen', () => {
  test('a document is asked for three times, for nothing', async () => {
    await expect(complete(plain, 'plain-document')).rejects.toThrow('Connection error.');
    expect(timesAsked('plain-document')).toBe(3);
  });

  test('so is a stream', async () => {
    await expect(stream(plain, 'plain-stream')).rejects.toThrow('Connection error.');
    expect(timesAsked('plain-stream')).toBe(3);
  });
});

describe.concurrent('with holdopen', () => {
  test('a document comes after its first asking', async () => {
    expect(await complete(held, 'document')).toBe('It is forty-two.');
    expect(timesAsked('document')).toBe(1);
  });

  test('a stream comes event by event', async () => {
    expect(await stream(held, 'stream')).toEqual(['It', ' is', ' forty-two', '.']);
    expect(timesAsked('stream')).toBe(1);
  });

  test('a late refusal of a stream is an APIError with the words of the upstream', async () => {
    const error = await errorOf(stream(held, 'too-long'));
    expect(error).toBeInstanceOf(APIError);
    expect(error).toMatchObject({
      message: 'The prompt has too many tokens.',
      code: 'context_length_exceeded',
    });
  });

  test('a stream that the upstream breaks off keeps its events and ends with an APIError', async () => {
    const pieces: (string | null | undefined)[] = [];
    const error = await errorOf(stream(held, 'drops', pieces));
    expect(pieces).toEqual(['It', ' is']);
    expect(error).toBeInstanceOf(APIError);
    expect(error).toMatchObject({ message: 'The upstream broke off.', type: 'gateway_error' });
  });

  test('a late refusal of a document cannot be taken for an answer', async () => {
    await expect(complete(held, 'too-long')).rejects.toThrow('terminated');
  });
});

test('a refusal in time is an APIError with its status', async () => {
  const { way, completions } = await open(held);
  const call = completions.create({ model: 'busy', messages: [...messages] }, { maxRetries: 0 });
  const error = await errorOf(call);
  expect(error).toBeInstanceOf(RateLimitError);
  expect(error).toMatchObject({ status: 429, message: '429 Too many requests.' });
  expect(way.sent).not.toMatch(/holdopen/i);
});
