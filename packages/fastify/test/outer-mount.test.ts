import http from 'node:http';
import { holdOpen as holdListener } from '@holdopen/node';
import fastify from 'fastify';
import { expect, test } from 'vitest';
import { ask } from '../../node/test/held/support/ask.js';
import { readHeldJson } from '../../node/test/held/support/payload.js';
import { quiet } from '../../node/test/held/support/wait.js';
import { holdOpen, registry } from '../src/index.js';
import { QUICK, serveApp } from './support/serve.js';

test('below a listener that is held already it is one hold, and the route’s options win', async () => {
  const app = fastify({
    serverFactory: (handler) =>
      http.createServer(holdListener(handler, { ...QUICK, format: 'json' })),
  });
  await app.register(holdOpen, { ...QUICK, global: false });
  const slow = async () => {
    await quiet(200);
    return { slow: true };
  };
  app.get('/outer', slow);
  app.get('/own', { config: { holdOpen: { intervalMs: 80 } } }, slow);
  app.get('/off', { config: { holdOpen: false } }, slow);
  const served = await serveApp(app);
  const holds = registry.counters.holds;
  const replies = await Promise.all(
    ['/outer', '/own', '/off'].map((path) => ask(served, { path })),
  );
  expect(replies.map(({ headers }) => headers.holdopen)).toEqual([
    'interval=60, format=json',
    'interval=80, format=json',
    undefined,
  ]);
  for (const { body } of replies) expect(readHeldJson(body).payload).toBe('{"slow":true}');
  expect(registry.counters.holds).toBe(holds + 2);
});
