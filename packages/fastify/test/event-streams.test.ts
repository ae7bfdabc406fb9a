import { fastifySSE } from '@fastify/sse';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { describe, expect, test } from 'vitest';
import { ask } from '../../node/test/held/support/ask.js';
import { until } from '../../node/test/held/support/wait.js';
import { warnings } from '../../node/test/held/support/warnings.js';
import { type FastifyHoldOpenPluginOptions, registry } from '../src/index.js';
import { held } from './support/held.js';
import { HTTP_VERSIONS, serveHeld } from './support/serve.js';

const EVENTS = { Accept: 'text/event-stream' };

/** A handler can wait for beats of its own reply. */
function beatCounter(): {
  options: FastifyHoldOpenPluginOptions;
  beaten(n: number): Promise<void>;
} {
  let beats = 0;
  return {
    options: {
      format: 'auto',
      onBeat: () => {
        beats += 1;
      },
    },
    beaten: (n) => {
      const from = beats;
      return until(`${n} beats came`, () => beats >= from + n);
    },
  };
}

describe('@fastify/sse', () => {
  test('its stream gets beats in its gaps, and its own head', async () => {
    const { options, beaten } = beatCounter();
    const served = await serveHeld(async (app) => {
      await app.register(fastifySSE, { heartbeatInterval: 60_000 });
      app.get('/', { sse: true }, async (_request, reply) => {
        await reply.sse.send({ id: '1', data: { n: 1 } });
        await beaten(2);
        await reply.sse.send({ event: 'last', data: 'two\nlines' });
      });
    }, options);
    const reply = await ask(served, { headers: EVENTS });
    expect(reply.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache',
    });
    expect(reply.headers).not.toHaveProperty('holdopen');
    expect(reply.body).toMatch(
      /^id: 1\ndata: {"n":1}\n\n: holdopen interval=60\n\n(: keepalive\n\n)+event: last\ndata: .*\n\n$/s,
    );
    expect(reply.ended).toBe('complete');
  });

  test('one that beats by itself is not beaten twice', async () => {
    const served = await serveHeld(
      async (app) => {
        await app.register(fastifySSE, { heartbeatInterval: 30 });
        app.get('/', { sse: true }, async (_request, reply) => {
          await reply.sse.send({ data: 1 });
          await new Promise((resolve) => setTimeout(resolve, 500));
          await reply.sse.send({ data: 2 });
        });
      },
      { format: 'auto', firstBeatMs: 2_000, intervalMs: 2_000 },
    );
    const reply = await ask(served, { headers: EVENTS });
    expect(reply.body).toContain(': heartbeat\n\n');
    expect(reply.body).not.toContain('holdopen');
  });

  test('before its first event the head is sent in its place, as an event stream', async () => {
    const served = await serveHeld(
      async (app) => {
        await app.register(fastifySSE);
        app.get('/', { sse: true }, async (request, reply) => {
          await held(request);
          await reply.sse.send({ data: 1 });
        });
      },
      { format: 'auto' },
    );
    const reply = await ask(served, { headers: EVENTS });
    expect(reply.headers.holdopen).toBe('interval=60, format=sse');
    expect(reply.headers['content-type']).toMatch(/^text\/event-stream/);
    expect(reply.body).toMatch(/^(: keepalive\n\n)+data: 1\n\n$/);
  });

  test('an error in its middle is what it is without holdopen', async () => {
    const { options, beaten } = beatCounter();
    const served = await serveHeld(async (app) => {
      await app.register(fastifySSE);
      app.get('/', { sse: true }, async (_request, reply) => {
        await reply.sse.send({ data: 1 });
        await beaten(1);
        throw new Error('broke');
      });
    }, options);
    const reply = await ask(served, { headers: EVENTS });
    expect(reply.body).toMatch(/^data: 1\n\n/);
    expect(reply.body).not.toContain('broke');
    await until('nothing is held any more', () => registry.size === 0);
  });
});

describe('a stream on reply.raw by hand', () => {
  const HEAD = { 'Content-Type': 'text/event-stream', 'X-Mine': '1', 'X-Accel-Buffering': 'no' };
  type Handler = (request: FastifyRequest, reply: FastifyReply) => unknown;
  const at = (handler: Handler) => (app: FastifyInstance) => void app.get('/', handler);

  test.each(HTTP_VERSIONS)('gets beats in its gaps over %s', async (version) => {
    const { options, beaten } = beatCounter();
    const handler: Handler = async (_request, reply) => {
      reply.hijack();
      reply.raw.writeHead(200, HEAD);
      reply.raw.write('data: 1\n\n');
      await beaten(2);
      reply.raw.write('data: half');
      await new Promise((resolve) => setTimeout(resolve, 150));
      reply.raw.end(' and half\n\n');
    };
    const reply = await ask(await serveHeld(at(handler), options, version), { headers: EVENTS });
    expect(reply.headers).toMatchObject({ 'x-mine': '1' });
    expect(reply.headers).not.toHaveProperty('holdopen');
    expect(reply.body).toMatch(
      /^data: 1\n\n: holdopen interval=60\n\n(: keepalive\n\n)+data: half and half\n\n$/,
    );
    expect(reply.ended).toBe('complete');
  });

  test('that begins late goes on below the head that was sent for it', async () => {
    const warned = warnings('HOLDOPEN_FORMAT_SWITCH');
    const handler: Handler = async (request, reply) => {
      reply.header('x-of-reply', '1').hijack();
      await held(request);
      reply.raw.writeHead(200, HEAD);
      reply.raw.end('data: 1\n\n');
    };
    const served = await serveHeld(at(handler), { format: 'auto' });
    const reply = await ask(served, { headers: EVENTS });
    expect(reply.headers).toMatchObject({
      'x-of-reply': '1',
      holdopen: 'interval=60, format=sse',
    });
    expect(reply.body).toMatch(/^(: keepalive\n\n)+data: 1\n\n$/);
    expect(warned).toEqual([]);
  });

  test('on a JSON hold turns it into an event stream, with a warning', async () => {
    const warned = warnings('HOLDOPEN_FORMAT_SWITCH');
    const handler: Handler = async (request, reply) => {
      reply.hijack();
      await held(request);
      reply.raw.writeHead(200, HEAD);
      reply.raw.end('data: 1\n\n');
    };
    const reply = await ask(await serveHeld(at(handler)));
    expect(reply.headers.holdopen).toBe('interval=60, format=json');
    expect(reply.body).toMatch(/^\n+data: 1\n\n$/);
    await until('it is warned of', () => warned.length === 1);
  });

  test('that is never ended goes on until its client leaves', async () => {
    const { options, beaten } = beatCounter();
    let closed = false;
    const handler: Handler = async (_request, reply) => {
      reply.hijack();
      reply.raw.on('close', () => {
        closed = true;
      });
      reply.raw.writeHead(200, HEAD);
      reply.raw.write('data: 1\n\n');
    };
    const served = await serveHeld(at(handler), options);
    const client = await served.connect();
    client.send('GET / HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n');
    await beaten(3);
    expect(closed).toBe(false);
    client.socket.destroy();
    await until('it has closed', () => closed && registry.size === 0);
  });
});
