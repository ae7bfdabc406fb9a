import { expect, test } from 'vitest';
import { holdOpen } from '../src/index.js';
import { createApp, QUICK } from './support/serve.js';

const printed = { includeHooks: true, commonPrefix: false };

test('in the pretty print there is one hook more, by its name, and the plugin', async () => {
  const app = createApp();
  await app.register(holdOpen, QUICK);
  app.post('/', async () => ({}));
  await app.ready();
  expect(app.printRoutes(printed)).toBe(
    '└── / (POST)\n    • (onRequest) ["holdOpenOnRequest()"]\n',
  );
  expect(app.printPlugins()).toContain('@holdopen/fastify');
  expect(app.hasPlugin('@holdopen/fastify')).toBe(true);
});

test('registered again in an inner context, the hook is there once', async () => {
  const app = createApp();
  await app.register(holdOpen, QUICK);
  await app.register(async (child) => {
    await child.register(holdOpen, { ...QUICK, intervalMs: 80 });
    child.post('/', async () => ({}));
  });
  await app.ready();
  expect(app.printRoutes(printed)).toBe(
    '└── / (POST)\n    • (onRequest) ["holdOpenOnRequest()"]\n',
  );
});

test('it is the default export too, for loaders of plugins', async () => {
  const app = createApp();
  await app.register(import('../src/index.js'), QUICK);
  expect(app.hasPlugin('@holdopen/fastify')).toBe(true);
});
