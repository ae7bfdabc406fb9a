import { Hono } from 'hono';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { getHold, HoldOpenError, holdOpen } from '../src/index.js';
import { ask } from './support/index.js';

const WRONG: [string, () => unknown, Partial<HoldOpenError>, RegExp][] = [
  ['NaN', () => holdOpen({ intervalMs: Number.NaN }), { option: 'intervalMs' }, /intervalMs/],
  ['too short', () => holdOpen({ intervalMs: 10 }), { option: 'intervalMs' }, /50/],
  ['negative', () => holdOpen({ firstBeatMs: -1 }), { option: 'firstBeatMs' }, /firstBeatMs/],
  [
    'a typing error',
    () => holdOpen({ interval: 8_000 } as never),
    { code: 'HOLDOPEN_UNKNOWN_OPTION' },
    /intervalMs/,
  ],
  [
    'headers that are no function',
    () => holdOpen({ headers: { a: 'b' } } as never),
    { code: 'HOLDOPEN_INVALID_OPTION', option: 'headers' },
    /function of the request/,
  ],
  [
    'headers around an app',
    () => holdOpen(new Hono(), { headers: 'a' } as never),
    { code: 'HOLDOPEN_INVALID_OPTION', option: 'headers' },
    /function of the request/,
  ],
  ['around an app', () => holdOpen(new Hono(), { pad: -1 }), { option: 'pad' }, /pad/],
  [
    'a handler',
    () => holdOpen((() => new Response()) as never),
    { code: 'HOLDOPEN_WRONG_MOUNT' },
    /app\.post\(path, holdOpen\(options\), handler\)/,
  ],
  [
    'a handler with options',
    () => holdOpen((() => new Response()) as never, {}),
    { code: 'HOLDOPEN_WRONG_MOUNT' },
    /@holdopen\/fetch/,
  ],
  [
    'options behind nothing',
    () => holdOpen(undefined as never, {}),
    { code: 'HOLDOPEN_WRONG_MOUNT' },
    /holdOpen\(app, options\)/,
  ],
];

test.each(WRONG)('%s is refused at the mount, with the fix', (_title, mount, facts, fix) => {
  let error: unknown;
  try {
    mount();
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(HoldOpenError);
  expect(error).toMatchObject(facts);
  expect((error as Error).message).toMatch(fix);
});

describe('HOLDOPEN=off', () => {
  beforeEach(() => {
    process.env.HOLDOPEN = 'off';
  });
  afterEach(() => {
    delete process.env.HOLDOPEN;
  });

  test.each(['fetch', 'node', 'http2'] as const)('switches all off on %s', async (way) => {
    for (const wrapped of [false, true]) {
      const options = { firstBeatMs: 0, intervalMs: 50, format: 'json' } as const;
      const app = new Hono();
      app.use(async (_c, next) => await next());
      if (!wrapped) app.use(holdOpen(options));
      app.get('/work', async (c) => {
        const states = [getHold(c).state];
        await new Promise((resolve) => setTimeout(resolve, 120));
        return c.json([...states, getHold(c).state], 201);
      });
      const reply = await ask(way, wrapped ? holdOpen(app, options) : app, { path: '/work' });
      expect(reply).toMatchObject({ status: 201, body: '["off","off"]' });
      expect(reply.headers).not.toHaveProperty('holdopen');
    }
  });

  test('wrong options are refused all the same', () => {
    expect(() => holdOpen({ intervalMs: 1 })).toThrow(HoldOpenError);
  });
});
