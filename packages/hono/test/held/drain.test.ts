// A drain is for ever, so it has a process of its own.
import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import { beforeEach, expect, test, vi } from 'vitest';
import { drain, type HoldHandle, HoldOpenError, holdOpen } from '../../src/index.js';
import { ask, QUICK, type Reply, readHeldJson, until, type Way } from '../support/index.js';

beforeEach(() => {
  // Hono writes what nobody handled to the console.
  const spy = vi.spyOn(console, 'error').mockImplementation(() => {});
  return () => spy.mockRestore();
});

const WAYS: Way[] = ['fetch', 'node', 'http2'];

test('a drain refuses what is no time', async () => {
  await expect(drain({ timeoutMs: -1 })).rejects.toThrow(HoldOpenError);
});

test('a drain ends holds of all ways, and says how many', async () => {
  const holds: HoldHandle[] = [];
  const app = new Hono();
  app.use(holdOpen({ ...QUICK, format: 'json' }));
  app.get('/work', async (c) => {
    const { signal } = c.get('holdOpen');
    holds.push(c.get('holdOpen'));
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    throw signal.reason;
  });
  app.get('/events', (c) => {
    holds.push(c.get('holdOpen'));
    c.header('Content-Type', 'text/event-stream');
    return streamSSE(c, (events) => new Promise((resolve) => events.onAbort(resolve)));
  });
  const replies = WAYS.map((way) => ask(way, app, { path: '/work' }));
  // Hono's event streams set headers that HTTP/2 forbids.
  const streams = ['fetch', 'node'].map((way) => ask(way as Way, app, { path: '/events' }));
  await until('all are held', () => {
    const states = holds.map(({ state }) => state);
    return states.length === 5 && states.every((state) => /held|streaming/.test(state));
  });
  const { finished, ended } = await drain({ timeoutMs: 50 });
  expect(finished + ended).toBeGreaterThanOrEqual(3);
  for (const reply of await Promise.all(replies)) expectDrained(reply);
  for (const { body, ended: end } of await Promise.all(streams)) {
    expect(end).toBe('complete');
    expect(body).toMatch(/(^|\n\n)retry: \d+\n\n$/);
  }
});

test.each(WAYS)('what falls silent after a drain is told so on %s', async (way) => {
  const app = new Hono();
  app.use(holdOpen({ ...QUICK, format: 'json' }));
  app.get('/work', async (c) => {
    const { signal } = c.get('holdOpen');
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    return c.json(1);
  });
  const reply = await ask(way, app, { path: '/work' });
  expect(reply.status).toBe(503);
  expect(reply.headers).toHaveProperty('retry-after');
});

function expectDrained(reply: Reply): void {
  expect(reply.ended).toBe('cut');
  const { lateHead, payload } = readHeldJson(reply.body);
  expect(lateHead).toMatchObject({ status: 503, headers: [['retry-after', expect.any(String)]] });
  expect(JSON.parse(`${payload}}`)).toMatchObject({ completion_status: 503 });
}
