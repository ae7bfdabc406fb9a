// Without @hono/node-server, so that there is nothing below Hono but fetch.
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { every, except } from 'hono/combine';
import { cors } from 'hono/cors';
import { expect, test, vi } from 'vitest';
import { getHold, type HoldHandle, holdOpen } from '../../src/index.js';
import {
  ask,
  held,
  type Question,
  type Reply,
  readHeldJson,
  receive,
  requestOf,
  until,
  warnings,
} from '../support/index.js';

const ON = { firstBeatMs: 20, intervalMs: 60 } as const;
const SLOWER = { firstBeatMs: 20, intervalMs: 70 } as const;
const JSON_ONLY = { Accept: 'application/json' };

const empty: MiddlewareHandler = async (_c, next) => {
  await next();
};

async function slow(c: Context): Promise<Response> {
  await held(c);
  return c.json({ path: c.req.path });
}

function expectHeld(reply: Reply, intervalMs = ON.intervalMs as number): void {
  expect(reply.headers.holdopen).toBe(`interval=${intervalMs}, format=json`);
  expect(readHeldJson(reply.body).payload).toMatch(/^\{"path":"\/[^"]*"\}$/);
}

const get = (path: string, headers: Record<string, string> = JSON_ONLY): Question => ({
  path,
  headers,
});

test('first and globally it holds', async () => {
  const app = new Hono();
  app.use(holdOpen(ON), cors());
  app.get('/work', slow);
  const reply = await ask('fetch', app, get('/work'));
  expectHeld(reply);
  expect(reply.headers).toMatchObject({ 'access-control-allow-origin': '*' });
});

test('first and on a route it takes JSON for granted', async () => {
  const app = new Hono();
  app.get('/work', holdOpen(ON), slow);
  expectHeld(await ask('fetch', app, get('/work', {})));
});

test('twice it is one hold, and the innermost options win', async () => {
  const holds: HoldHandle[] = [];
  const app = new Hono();
  app.use(holdOpen(ON), async (c, next) => {
    holds.push(c.get('holdOpen'));
    await next();
  });
  app.get('/work', holdOpen(SLOWER), (c) => {
    holds.push(c.get('holdOpen'));
    return slow(c);
  });
  expectHeld(await ask('fetch', app, get('/work', {})), SLOWER.intervalMs);
  expect(holds[0]).toBe(holds[1]);
});

test('twice it is one hold, though the request was replaced in between', async () => {
  const app = new Hono();
  app.use(holdOpen(ON), bodyLimit({ maxSize: 100 }), async (c, next) => {
    c.req.raw = new Request(c.req.raw);
    await next();
  });
  app.post('/work', holdOpen(SLOWER), slow);
  const question: Question = { method: 'POST', path: '/work', body: 'a' };
  expectHeld(await ask('fetch', app, question), SLOWER.intervalMs);
});

test.each([
  ['without its own onError', false],
  ['with its own onError', true],
])('first in a sub-app of sub-apps %s', async (_title, ownOnError) => {
  const sub = new Hono();
  sub.use(holdOpen(ON));
  sub.get('/work', slow);
  sub.get('/fast', (c) => c.text('fast'));
  if (ownOnError) sub.onError((_error, c) => c.text('sub', 500));
  let app = sub;
  for (let depth = 0; depth < 10; depth++) {
    const outer = new Hono();
    outer.route('/sub', app);
    if (ownOnError) outer.onError((_error, c) => c.text('outer', 500));
    app = outer;
  }
  const path = '/sub'.repeat(10);
  expectHeld(await ask('fetch', app, get(`${path}/work`)));
  expect(await ask('fetch', app, get(`${path}/fast`))).toMatchObject({ body: 'fast' });
});

test('first under a base path', async () => {
  const app = new Hono().basePath('/base');
  app.use(holdOpen(ON));
  app.get('/work', slow);
  expectHeld(await ask('fetch', app, get('/base/work')));
});

test('around an app it guesses nothing, and handlers reach their hold', async () => {
  const app = new Hono();
  app.use(cors());
  app.get('/work', slow);
  app.get('/fast', (c) => c.json(1));
  const wrapped = holdOpen(app, { ...ON, headers: () => ({ 'X-Given': '1' }) });
  const reply = await ask('fetch', wrapped, get('/work'));
  expectHeld(reply);
  expect(reply.headers).toMatchObject({ 'x-given': '1' });
  expect(await ask('fetch', wrapped, get('/fast'))).toMatchObject({ status: 200, body: '1' });
});

test('options on a route win over those around the app, wherever they stand', async () => {
  const app = new Hono();
  app.use(empty);
  app.get('/work', holdOpen(SLOWER), async (c) => {
    await until('the handler has its hold', () => c.get('holdOpen').state === 'held');
    return slow(c);
  });
  expectHeld(await ask('fetch', holdOpen(app, ON), get('/work', {})), SLOWER.intervalMs);
});

test('the same Request asked again is held again', async () => {
  const app = new Hono();
  app.use(holdOpen(ON));
  app.get('/work', slow);
  const request = requestOf(get('/work'));
  for (let i = 0; i < 2; i++) expectHeld(await receive(await app.fetch(request)));
});

test('where it is not first it passes, warns once and gives an inert hold', async () => {
  const warned = warnings('HOLDOPEN_WRONG_MOUNT');
  const app = new Hono();
  app.use(empty);
  app.use(holdOpen(ON));
  const states: string[] = [];
  app.get('/work', async (c) => {
    const hold = c.get('holdOpen');
    hold.touch();
    states.push(hold.state);
    await new Promise((resolve) => setTimeout(resolve, 3 * ON.firstBeatMs));
    return c.json(hold.signal.aborted);
  });
  for (let i = 0; i < 2; i++) {
    const response = await app.request('/work', { headers: JSON_ONLY });
    expect(response.headers.get('holdopen')).toBeNull();
    expect(await response.text()).toBe('false');
  }
  expect(states).toEqual(['off', 'off']);
  await until('it is warned of', () => warned.length > 0);
  expect(warned).toHaveLength(1);
  expect(warned[0]?.message).toContain('GET /work');
  expect(warned[0]?.message).toContain('export default holdOpen(app)');
});

const combined: [string, MiddlewareHandler][] = [
  ['every', every(cors(), holdOpen(ON))],
  ['every, as its first', every(holdOpen(ON), cors())],
  ['except', except('/health', holdOpen(ON))],
];
test.each(combined)('within %s it is not the very first, and passes', async (_name, middleware) => {
  const app = new Hono();
  app.use(middleware);
  app.get('/work', async (c) => {
    await new Promise((resolve) => setTimeout(resolve, 3 * ON.firstBeatMs));
    return c.json(c.get('holdOpen').state);
  });
  const reply = await ask('fetch', app, get('/work'));
  expect(reply.body).toBe('"off"');
  expect(reply.headers).not.toHaveProperty('holdopen');
});

test('a request for a WebSocket passes', async () => {
  const app = new Hono();
  app.use(empty, holdOpen(ON));
  app.get('/socket', (c) => c.text(c.get('holdOpen').state));
  const reply = await ask('fetch', app, get('/socket', { Upgrade: 'WebSocket' }));
  expect(reply.body).toBe('off');
});

test('it gives nothing back from next()', async () => {
  const told = vi.spyOn(console, 'error').mockImplementation(() => {});
  const results: unknown[] = [];
  for (const options of [ON, { intervalMs: false } as const]) {
    const app = new Hono();
    app.use(async (c, next) => {
      results.push(await holdOpen(options)(c, next));
    });
    app.get('/work', (c) => c.text('done'));
    expect(await (await app.request('/work')).text()).toBe('done');
    const first = new Hono();
    const middleware = holdOpen(options);
    first.get('/nothing', middleware, (() => {}) as never);
    const bare = new Hono();
    bare.get('/nothing', empty, (() => {}) as never);
    const [response, plain] = await Promise.all([
      first.request('/nothing'),
      bare.request('/nothing'),
    ]);
    expect([response.status, await response.text()]).toEqual([plain.status, await plain.text()]);
  }
  expect(results).toEqual([undefined, undefined]);
  told.mockRestore();
});

test('in an app that is mounted in a held one it is the same hold', async () => {
  const inner = new Hono();
  inner.use(holdOpen(SLOWER));
  inner.post('/work', async (c) => {
    await held(c);
    return c.json({ error: 'late' }, 422);
  });
  const statuses: number[] = [];
  const app = new Hono();
  app.use(holdOpen({ ...ON, lateError: 'body', onLateOutcome() {} }), async (c, next) => {
    await next();
    statuses.push(c.res.status);
  });
  app.mount('/inner', inner.fetch);
  const reply = await ask('fetch', app, { ...get('/inner/work?a=1'), method: 'POST' });
  expect(reply.headers.holdopen).toBe('interval=70, format=json');
  expect(readHeldJson(reply.body).lateHead?.status).toBe(422);
  expect(statuses).toEqual([422]);
});

test('what a held handler asks of another app is not held once more', async () => {
  const other = new Hono();
  other.use(holdOpen(SLOWER));
  const holds: HoldHandle[] = [];
  other.get('/part', async (c) => {
    holds.push(c.get('holdOpen'));
    await held(c);
    return c.json({ part: true }, 418);
  });
  const app = new Hono();
  app.use(holdOpen(ON));
  app.get('/whole', async (c) => {
    holds.push(c.get('holdOpen'));
    const part = await other.request('/part', { headers: JSON_ONLY });
    return c.json({ path: c.req.path, part: part.status, held: part.headers.has('holdopen') });
  });
  const reply = await ask('fetch', app, get('/whole'));
  expect(reply.headers.holdopen).toBe(`interval=${ON.intervalMs}, format=json`);
  expect(JSON.parse(reply.body)).toEqual({ path: '/whole', part: 418, held: false });
  expect(holds[0]).toBe(holds[1]);
});

test.each(['/', '/work'])('at %s of a mounted app the innermost options win', async (path) => {
  const inner = new Hono().get(path, holdOpen(SLOWER), slow);
  const app = new Hono();
  app.use(holdOpen(ON));
  app.mount('/inner', inner.fetch);
  const asked = path === '/' ? '/inner' : '/inner/work';
  expectHeld(await ask('fetch', app, get(asked)), SLOWER.intervalMs);
});

test('a route of the same app that a held handler asks does not take its hold over', async () => {
  const app = new Hono();
  app.use(holdOpen(ON));
  app.get('/work', holdOpen({ intervalMs: false }), (c) => c.json({}));
  app.get('/v1/work', async (c) => {
    await app.request('/work');
    return slow(c);
  });
  expectHeld(await ask('fetch', app, get('/v1/work', { ...JSON_ONLY, 'X-Own': '1' })));
});

test('around an app whose middleware has replaced the request, a route has options and a hold', async () => {
  const states: string[] = [];
  const app = new Hono();
  app.use(async (c, next) => {
    c.req.raw = new Request(c.req.raw);
    await next();
  });
  app.post('/own', holdOpen(SLOWER), slow);
  app.post('/other', async (c) => {
    const hold = getHold(c);
    await until('it is held', () => hold.state === 'held');
    states.push(hold.state);
    return c.json({ path: c.req.path });
  });
  const wrapped = holdOpen(app, { ...ON, format: 'json' });
  const question = (path: string): Question => ({ method: 'POST', path, body: 'a' });
  expectHeld(await ask('fetch', wrapped, question('/own')), SLOWER.intervalMs);
  expectHeld(await ask('fetch', wrapped, question('/other')));
  expect(states).toEqual(['held']);
});
