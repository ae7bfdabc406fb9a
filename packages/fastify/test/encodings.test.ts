import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import compress from '@fastify/compress';
import etag from '@fastify/etag';
import type { FastifyInstance } from 'fastify';
import { describe, expect, test } from 'vitest';
import { ask } from '../../node/test/held/support/ask.js';
import { readHeldJson } from '../../node/test/held/support/payload.js';
import { until } from '../../node/test/held/support/wait.js';
import { holdOpen } from '../src/index.js';
import { held } from './support/held.js';
import { QUICK, serve, serveHeld } from './support/serve.js';

const LONG = { long: 'x'.repeat(5_000) };
const ZIPPED = { 'Accept-Encoding': 'gzip, deflate, br' };

const routes = (app: FastifyInstance): void => {
  app.get('/late', async (request) => {
    await held(request);
    return LONG;
  });
  app.get('/late-by-hand', async (request, reply) => {
    await held(request);
    return reply.compress(LONG as never);
  });
  app.get('/early', async () => LONG);
};

describe('@fastify/compress', () => {
  describe.each(['before', 'after'])('registered %s holdopen', (when) => {
    const build = (options: object) => async (app: FastifyInstance) => {
      const keep = () => app.register(holdOpen, { ...QUICK, format: 'json' });
      if (when === 'after') await keep();
      await app.register(compress, { threshold: 1, ...options });
      if (when === 'before') await keep();
      routes(app);
    };

    test.each(['/late', '/late-by-hand'])('it stands aside once held, for %s', async (path) => {
      const served = await serve(build({}));
      const reply = await ask(served, { path, headers: ZIPPED });
      expect(reply.headers).not.toHaveProperty('content-encoding');
      expect(reply.headers['cache-control']).toBe('no-store, no-transform');
      expect(JSON.parse(reply.body)).toEqual(LONG);
    });

    test('it encodes what is answered before the first beat', async () => {
      const served = await serve(build({}));
      const reply = await ask(served, { path: '/early', headers: ZIPPED });
      expect(reply.headers['content-encoding']).toBe('br');
    });

    test('its answer to unsupported encodings does not come late', async () => {
      const onUnsupportedEncoding = (): never => {
        throw Object.assign(new Error('no such encoding'), { statusCode: 406 });
      };
      const served = await serve(build({ onUnsupportedEncoding }));
      const reply = await ask(served, { path: '/late', headers: ZIPPED });
      expect(readHeldJson(reply.body).lateHead).toBeUndefined();
      expect(JSON.parse(reply.body)).toEqual(LONG);
    });
  });

  test.each([
    ['keeps back is decoded and held', 'x', null],
    // Too much to be kept back, and nothing that can be made smaller.
    ['has begun to send stays as it is', randomBytes(300_000).toString('base64'), 'gzip'],
  ])('a stream that it %s', async (_title, start, encoding) => {
    const served = await serveHeld(async (app) => {
      await app.register(compress, { threshold: 1 });
      app.get('/', async (_request, reply) => {
        const pieces = async function* () {
          yield `["${start}",`;
          await new Promise((resolve) => setTimeout(resolve, 4 * QUICK.intervalMs));
          yield '"end"]';
        };
        return reply.type('application/json').send(Readable.from(pieces()));
      });
    });
    const response = await fetch(served.url, { headers: { 'Accept-Encoding': 'gzip' } });
    expect(response.headers.get('content-encoding')).toBe(encoding);
    expect(response.headers.has('holdopen')).toBe(encoding === null);
    expect(await response.json()).toEqual([start, 'end']);
  });
});

test('a payload that a hook encodes all the same is decoded', async () => {
  const served = await serveHeld((app) => {
    app.addHook('onSend', async (_request, reply, payload) => {
      reply.header('content-encoding', 'gzip');
      return gzipSync(String(payload));
    });
    routes(app);
  });
  const reply = await ask(served, { path: '/late', headers: ZIPPED });
  expect(JSON.parse(reply.body)).toEqual(LONG);
});

describe('@fastify/etag', () => {
  const tagged = async (app: FastifyInstance): Promise<void> => {
    await app.register(etag);
    routes(app);
  };

  test('no late 304 comes, and no tag', async () => {
    const served = await serveHeld(tagged);
    const early = await ask(served, { path: '/early' });
    const match = { 'If-None-Match': early.headers.etag ?? '' };
    expect(match['If-None-Match']).not.toBe('');
    const late = await ask(served, { path: '/late', headers: match });
    expect(late.headers).not.toHaveProperty('etag');
    expect(readHeldJson(late.body).lateHead).toBeUndefined();
    expect(JSON.parse(late.body)).toEqual(LONG);
  });

  test('before the first beat the 304 is true', async () => {
    const served = await serveHeld(tagged);
    const early = await ask(served, { path: '/early' });
    const again = await ask(served, {
      path: '/early',
      headers: { 'If-None-Match': early.headers.etag ?? '', Connection: 'close' },
    });
    expect(again.status).toBe(304);
  });
});

test('what a handler reads of the request’s encodings once held is the truth about the reply', async () => {
  let seen: unknown;
  const served = await serveHeld((app) => {
    app.get('/', async (request) => {
      await held(request);
      seen = request.headers['accept-encoding'];
      return {};
    });
  });
  await ask(served, { headers: ZIPPED });
  await until('it was read', () => seen !== undefined);
  expect(seen).toBe('identity');
});
