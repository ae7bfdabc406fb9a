import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { holdOpen } from '../src/index.js';

const { Hono } = createRequire(import.meta.url)('hono') as typeof import('hono');

test.each([
  ['globally', '*'],
  ['on a route', '/'],
])(
  'an app of another copy of Hono, as CommonJS loads it, is served when mounted %s',
  async (_where, path) => {
    const app = new Hono();
    app.use(path, holdOpen());
    app.get('/', (c) => c.json({ state: c.get('holdOpen').state }));
    const response = await app.request('/');
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ state: 'waiting' });
  },
);
