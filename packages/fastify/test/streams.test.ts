import { Buffer } from 'node:buffer';
import { PassThrough } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { describe, expect, test } from 'vitest';
import { ask } from '../../node/test/held/support/ask.js';
import { anyPrefixParses, readHeldJson } from '../../node/test/held/support/payload.js';
import { until } from '../../node/test/held/support/wait.js';
import { type FastifyHoldOpenPluginOptions, registry } from '../src/index.js';
import { held } from './support/held.js';
import { HTTP_VERSIONS, serveHeld } from './support/serve.js';

const JSON_TYPE = 'application/json; charset=utf-8';

/** A stream that a test writes by hand, as a Node stream or a web stream. */
interface Source {
  readonly payload: unknown;
  write(text: string): void;
  end(): void;
  fail(): void;
}

const SOURCES: Readonly<Record<string, () => Source>> = {
  'a Node stream'() {
    const payload = new PassThrough();
    return {
      payload,
      write: (text) => void payload.write(text),
      end: () => void payload.end(),
      fail: () => void payload.destroy(new Error('broke')),
    };
  },
  'a web stream'() {
    let control: ReadableStreamDefaultController<Uint8Array> | undefined;
    const payload = new ReadableStream<Uint8Array>({
      start(controller) {
        control = controller;
      },
    });
    return {
      payload,
      write: (text) => control?.enqueue(Buffer.from(text)),
      end: () => control?.close(),
      fail: () => control?.error(new Error('broke')),
    };
  },
};

describe.each(Object.entries(SOURCES))('%s', (_name, createSource) => {
  async function streamed(
    handler: (request: FastifyRequest, reply: FastifyReply, source: Source) => Promise<unknown>,
    options: FastifyHoldOpenPluginOptions = {},
    version: (typeof HTTP_VERSIONS)[number] = 'HTTP/1.1',
  ) {
    const served = await serveHeld(
      (app) => {
        app.get('/', (request, reply) => handler(request, reply, createSource()));
      },
      options,
      version,
    );
    return ask(served);
  }

  test.each(HTTP_VERSIONS)('that is sent late leaves as it is over %s', async (version) => {
    const reply = await streamed(
      async (request, reply, source) => {
        await held(request);
        setImmediate(() => {
          source.write('{"a":');
          source.write('"ü"}');
          source.end();
        });
        return reply.code(201).type(JSON_TYPE).send(source.payload);
      },
      {},
      version,
    );
    expect(reply.ended).toBe('complete');
    expect(readHeldJson(reply.body)).toMatchObject({
      lateHead: { status: 201 },
      payload: '{"a":"ü"}',
    });
  });

  test('that falls silent gets white space between its tokens', async () => {
    const beats: number[] = [];
    const onBeat = ({ beats: count }: { beats: number }): void => void beats.push(count);
    const reply = await streamed(
      async (_request, reply, source) => {
        source.write('["one",');
        void until('it was beaten', () => beats.length >= 2).then(() => {
          source.write('"two"]');
          source.end();
        });
        return reply.type(JSON_TYPE).send(source.payload);
      },
      { onBeat },
    );
    expect(reply.headers).not.toHaveProperty('holdopen');
    expect(reply.headers['content-type']).toBe(JSON_TYPE);
    expect(reply.body).toMatch(/^\["one",[\n ]{2,}"two"\]$/);
    expect(reply.ended).toBe('complete');
  });

  test('that fails late before its first byte is a late failure as any other', async () => {
    const reply = await streamed(async (request, reply, source) => {
      await held(request);
      setImmediate(() => source.fail());
      return reply.type(JSON_TYPE).send(source.payload);
    });
    expect(reply.ended).toBe('cut');
    expect(readHeldJson(reply.body).lateHead?.status).toBe(500);
    expect(JSON.parse(`${reply.body}}`)).toMatchObject({ message: 'broke' });
  });

  test.each(HTTP_VERSIONS)('that fails in its middle is cut over %s', async (version) => {
    const reply = await streamed(
      async (request, reply, source) => {
        await held(request);
        source.write('{"a":1,');
        setTimeout(() => source.fail(), 30);
        return reply.type(JSON_TYPE).send(source.payload);
      },
      {},
      version,
    );
    expect(reply.ended).toBe('cut');
    expect(reply.body.trim()).toBe('{"a":1,');
    expect(anyPrefixParses(reply.body)).toBe(false);
    await until('nothing is held any more', () => registry.size === 0);
  });

  test('of events gets comments in its gaps and keeps its own head', async () => {
    const beats: number[] = [];
    const onBeat = ({ beats: count }: { beats: number }): void => void beats.push(count);
    const reply = await streamed(
      async (_request, reply, source) => {
        source.write('data: 1\n\ndata:');
        void until('it was beaten inside', () => beats.length >= 0).then(async () => {
          source.write(' 2\n\n');
          await until('it was beaten', () => beats.length >= 2);
          source.write('data: 3\n\n');
          source.end();
        });
        return reply
          .type('text/event-stream')
          .headers({ 'cache-control': 'no-cache', 'x-accel-buffering': 'no' })
          .send(source.payload);
      },
      { onBeat },
    );
    expect(reply.headers).toMatchObject({ 'cache-control': 'no-cache' });
    expect(reply.headers).not.toHaveProperty('holdopen');
    expect(reply.body).toMatch(
      /^data: 1\n\ndata: 2\n\n: holdopen interval=60\n\n(: keepalive\n\n)+data: 3\n\n$/,
    );
  });
});

test('a slow reader holds a late Node stream back, and gets all of it', async () => {
  const size = 3_000_000;
  let pauses = 0;
  const served = await serveHeld((app) => {
    app.get('/', async (request, reply) => {
      await held(request);
      const source = new PassThrough();
      void (async () => {
        source.write('"');
        for (let sent = 0; sent < size; sent += 100_000) {
          if (source.write('x'.repeat(100_000))) continue;
          pauses += 1;
          await new Promise((resolve) => source.once('drain', resolve));
        }
        source.end('"');
      })();
      return reply.type(JSON_TYPE).send(source);
    });
  });
  const client = await served.connect();
  client.socket.pause();
  client.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  await until('the stream was held back', () => pauses > 0);
  client.socket.resume();
  const response = await client.response();
  expect(response.complete).toBe(true);
  expect(response.body.trim()).toHaveLength(size + 2);
});
