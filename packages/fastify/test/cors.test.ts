import cors from '@fastify/cors';
import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';
import { describe, expect, test } from 'vitest';
import { ask } from '../../node/test/held/support/ask.js';
import { readHeldJson } from '../../node/test/held/support/payload.js';
import { holdOpen } from '../src/index.js';
import { held } from './support/held.js';
import { HTTP_VERSIONS, QUICK, serve, serveHeld } from './support/serve.js';

const FROM_ELSEWHERE = { Origin: 'http://elsewhere.example' };

async function crossOrigin(app: FastifyInstance): Promise<void> {
  await app.register(cors, { origin: true, credentials: true, exposedHeaders: ['Location'] });
  app.get('/', async (request, reply) => {
    reply.header('x-mine', '1');
    await held(request);
    reply.code(201).header('location', '/7').header('retry-after', '5');
    return { made: true };
  });
}

test.each(HTTP_VERSIONS)(
  '@fastify/cors has its headers on the held head over %s',
  async (version) => {
    const served = await serveHeld(crossOrigin, {}, version);
    const reply = await ask(served, { headers: FROM_ELSEWHERE });
    expect(reply.headers).toMatchObject({
      'access-control-allow-origin': FROM_ELSEWHERE.Origin,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'Location, HoldOpen',
      vary: 'Origin',
      'x-mine': '1',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
      holdopen: 'interval=60, format=json',
    });
    // Only what the page may read comes late.
    expect(readHeldJson(reply.body)).toMatchObject({
      lateHead: { status: 201, headers: [['location', '/7']] },
      payload: '{"made":true}',
    });
  },
);

test('cors before the plugin in the same application is the same', async () => {
  const served = await serve(async (app) => {
    await app.register(cors, { origin: 'http://elsewhere.example' });
    await app.register(holdOpen, { ...QUICK, format: 'json' });
    app.get('/', async (request) => {
      await held(request);
      return {};
    });
  });
  const { headers } = await ask(served, { headers: FROM_ELSEWHERE });
  expect(headers).toMatchObject({
    'access-control-allow-origin': FROM_ELSEWHERE.Origin,
    'access-control-expose-headers': 'HoldOpen',
  });
});

test('a preflight passes untouched, however long it takes', async () => {
  const replies = [];
  for (const mounted of [false, true]) {
    const served = await serve(async (app) => {
      if (mounted) await app.register(holdOpen, { ...QUICK, format: 'json', firstBeatMs: 0 });
      app.addHook('onRequest', async () => new Promise((resolve) => setTimeout(resolve, 80)));
      await crossOrigin(app);
    });
    const { headers, status, body } = await ask(served, {
      method: 'OPTIONS',
      headers: { ...FROM_ELSEWHERE, 'Access-Control-Request-Method': 'GET', Connection: 'close' },
    });
    replies.push({ headers: { ...headers, date: '' }, status, body });
  }
  expect(replies[1]).toEqual(replies[0]);
  expect(replies[1]?.status).toBe(204);
});

describe('@fastify/helmet', () => {
  test('has all of its headers on the held head, and none comes again', async () => {
    const build = async (app: FastifyInstance): Promise<void> => {
      await app.register(helmet);
      app.get('/', async (request) => {
        if (request.raw.holdOpen !== undefined) await held(request);
        return {};
      });
    };
    const plain = await ask(await serve(build));
    const reply = await ask(await serveHeld(build));
    const own = ['content-length', 'content-type', 'date', 'connection', 'keep-alive'];
    const names = Object.keys(plain.headers).filter((name) => !own.includes(name));
    expect(names.length).toBeGreaterThan(8);
    for (const name of names) expect(reply.headers[name]).toBe(plain.headers[name]);
    expect(readHeldJson(reply.body)).toMatchObject({ lateHead: undefined, payload: '{}' });
  });
});
