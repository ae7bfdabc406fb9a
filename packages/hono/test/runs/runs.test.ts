import { createRuns, type Runs, type RunsOptions } from '@holdopen/runs';
import { Hono } from 'hono';
import { cors } from 'hono/cors';
import { streamSSE } from 'hono/streaming';
import { timeout } from 'hono/timeout';
import { validator } from 'hono/validator';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { getHold, type HoldHandle, holdOpen } from '../../src/index.js';
import { ask, type Question, readHeldJson } from '../support/index.js';

const KEY = '8e03978e-40d5-43dd-bc93-6894a57f9324';
const QUICK = { firstBeatMs: 90, intervalMs: 60 } as const;

function openRuns(options: Partial<RunsOptions> = {}): Runs {
  const authorize: RunsOptions['authorize'] = (request) => request.headers.get('x-user');
  const runs = createRuns({ authorize, hold: QUICK, ...options });
  onTestFinished(() => runs.close());
  return runs;
}

const post = (path: string, headers: Record<string, string> = {}, body = '{"n":2}'): Question => ({
  method: 'POST',
  path,
  body,
  headers: {
    'x-user': 'ann',
    'idempotency-key': KEY,
    'content-type': 'application/json',
    ...headers,
  },
});
const get = (path: string, headers: Record<string, string> = {}): Question => ({
  path,
  headers: { 'x-user': 'ann', ...headers },
});

function gate() {
  let open: () => void = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

function statusOf({ headers }: { headers: Readonly<Record<string, string>> }): string {
  return /<([^>]+)>; rel="status"/.exec(headers.link ?? '')?.[1] ?? '';
}

describe.each(['node', 'http2', 'fetch'] as const)('over %s', (way) => {
  describe.each(['middleware', 'wrapped'] as const)('%s', (place) => {
    function appWith(runs: Runs, routes: (app: Hono) => void) {
      const app = new Hono();
      if (place === 'middleware') app.use('/work/*', holdOpen({ ...QUICK, runs, format: 'json' }));
      routes(app);
      app.all('/runs/*', (c) => runs.fetch(c.req.raw));
      return place === 'middleware' ? app : holdOpen(app, { ...QUICK, runs, format: 'json' });
    }

    test('the same key starts the work once, and is answered from it', async () => {
      let starts = 0;
      const app = appWith(openRuns(), (it) =>
        it.post('/work/double', async (c) => {
          starts += 1;
          const { n } = await c.req.json<{ n: number }>();
          return c.json({ double: 2 * n }, 201);
        }),
      );
      const asked = await Promise.all(
        Array.from({ length: 5 }, () => ask(way, app, post('/work/double'))),
      );
      for (const reply of asked) {
        // On a busy machine the first ones may be held.
        const held = readHeldJson(reply.body);
        expect([held.lateHead?.status ?? reply.status, held.payload]).toEqual([
          201,
          '{"double":4}',
        ]);
        // A head that left before the key was claimed could not name the run.
        if (held.lateHead === undefined) expect(reply.headers['holdopen-run']).toBeDefined();
      }
      const other = await ask(way, app, post('/work/double', {}, '{"n":3}'));
      expect(readHeldJson(other.body).lateHead?.status ?? other.status).toBe(422);
      expect(starts).toBe(1);
    });

    test('a handler learns which attempt it is', async () => {
      const attempts: unknown[] = [];
      const app = appWith(openRuns(), (it) =>
        it.post('/work/again', (c) => {
          attempts.push(getHold(c).attempt);
          return c.body(null, attempts.length === 1 ? 503 : 200);
        }),
      );
      const keyed = post('/work/again');
      const { 'idempotency-key': _, ...headers } = keyed.headers ?? {};
      for (const question of [keyed, keyed, { ...keyed, headers }]) await ask(way, app, question);
      expect(attempts).toEqual([1, 2, undefined]);
    });

    test('work that is slow is held, and its head says where it is', async () => {
      const go = gate();
      const app = appWith(openRuns(), (it) =>
        it.post('/work/slow', async (c) => {
          await go.opened;
          return c.json({ done: true }, 201);
        }),
      );
      setTimeout(go.open, 300);
      const reply = await ask(way, app, post('/work/slow'));
      expect(reply.headers.holdopen).toBe('interval=60, format=json');
      expect(statusOf(reply)).toMatch(/^\/runs\//);
      const { lateHead, payload } = readHeldJson(reply.body);
      expect([lateHead?.status, payload]).toEqual([201, '{"done":true}']);
    });

    test('a 202 goes out at once, and the work goes on to its own end', async () => {
      const go = gate();
      const app = appWith(openRuns(), (it) =>
        it.post('/work/later', async (c) => {
          await go.opened;
          return c.json({ done: true }, 201);
        }),
      );
      const accepted = await ask(way, app, post('/work/later', { prefer: 'respond-async' }));
      expect(accepted.status).toBe(202);
      const status = accepted.headers.location ?? '';
      expect(JSON.parse((await ask(way, app, get(status))).body)).toMatchObject({
        state: 'running',
      });
      go.open();
      await vi.waitFor(async () => {
        const now = JSON.parse((await ask(way, app, get(status))).body) as object;
        expect(now).toMatchObject({ state: 'completed', status: 201 });
      });
      const result = await ask(way, app, get(`${status}/result`));
      expect(result).toMatchObject({ status: 201, body: '{"done":true}' });
    });

    test('an event stream has ids, and goes on at any of them', async () => {
      const app = appWith(openRuns(), (it) =>
        it.post('/work/events', (c) =>
          streamSSE(c, async (stream) => {
            for (const data of ['1', '2', '3']) await stream.writeSSE({ data });
          }),
        ),
      );
      const reply = await ask(way, app, post('/work/events'));
      const ids = [...reply.body.matchAll(/^id: (.*)$/gm)].map(([, id]) => id ?? '');
      expect(ids).toHaveLength(5);
      const headers = { 'last-event-id': ids[1] ?? '' };
      const rest = await ask(way, app, get(`${statusOf(reply)}/events`, headers));
      expect(rest.body).toContain('data: 2\n');
      expect(rest.body).toContain('data: 3\n');
      expect(rest.body).not.toContain('data: 1\n');
    });

    test('the handler’s hold is the run’s: its signal fires when the run is cancelled', async () => {
      const holds: HoldHandle[] = [];
      const app = appWith(openRuns({ cancelGraceMs: 100 }), (it) =>
        it.post('/work/cancelled', async (c) => {
          const hold = getHold(c);
          holds.push(hold);
          await new Promise((resolve) => hold.signal.addEventListener('abort', resolve));
          return c.json({ never: 'seen' });
        }),
      );
      const accepted = await ask(way, app, post('/work/cancelled', { prefer: 'respond-async' }));
      const status = accepted.headers.location ?? '';
      expect(status).toContain(holds[0]?.id);
      const wish = await ask(way, app, { ...get(status), method: 'DELETE' });
      expect(wish.status).toBe(202);
      await vi.waitFor(() => expect(holds[0]?.signal.aborted).toBe(true));
    });

    test('a request without a key is the handler’s as ever', async () => {
      const app = appWith(openRuns(), (it) =>
        it.post('/work/plain', async (c) => c.json({ got: await c.req.text() }, 201)),
      );
      const { headers, ...question } = post('/work/plain');
      const reply = await ask(way, app, { ...question, headers: { 'x-user': 'ann' } });
      expect(reply).toMatchObject({ status: 201, body: '{"got":"{\\"n\\":2}"}' });
      expect(reply.headers).not.toHaveProperty('holdopen-run');
    });
  });
});

test.each(['node', 'fetch'] as const)(
  'over %s, middleware around answers each client by itself, and a body may be read before',
  async (way) => {
    const runs = openRuns();
    const app = new Hono();
    if (way === 'node') app.use(cors({ origin: (origin) => origin }));
    app.post(
      '/work',
      holdOpen({ ...QUICK, firstBeatMs: 5_000, runs }),
      validator('json', (value: unknown) => value),
      (c) => c.json({ valid: c.req.valid('json') }, 200, { 'Set-Cookie': 'a=1' }),
    );
    for (const origin of ['https://one.example', 'https://two.example']) {
      const reply = await ask(way, app, post('/work', { origin }));
      expect(reply).toMatchObject({ status: 200, body: '{"valid":{"n":2}}' });
      expect(reply.headers).not.toHaveProperty('set-cookie');
      if (way === 'node') expect(reply.headers['access-control-allow-origin']).toBe(origin);
    }
  },
);

describe('what stands around a run on Node', () => {
  test('may time out, and the work goes on to its own result', async () => {
    const go = gate();
    const app = new Hono();
    app.use(timeout(50));
    app.post('/work', holdOpen({ ...QUICK, firstBeatMs: 5_000, runs: openRuns() }), async (c) => {
      await go.opened;
      return c.json({ done: true }, 201);
    });
    expect((await ask('node', app, post('/work'))).status).toBe(504);
    go.open();
    const again = await ask('node', app, post('/work'));
    expect(again).toMatchObject({ status: 201, body: '{"done":true}' });
  });

  test('may change the answer of a 202, which is its own', async () => {
    const go = gate();
    const app = new Hono();
    app.use(async (c, next) => {
      const { raw } = c.req;
      await next();
      expect(c.req.raw).toBe(raw);
      const inner = (await c.res.json()) as object;
      c.res = new Response(JSON.stringify({ inner }), c.res);
      c.header('X-Around', '1');
    });
    app.post('/work', holdOpen({ ...QUICK, runs: openRuns() }), async (c) => {
      await go.opened;
      c.header('X-Work', '1');
      return c.json({ done: true });
    });
    const accepted = await ask('node', app, post('/work', { prefer: 'respond-async' }));
    expect(accepted).toMatchObject({ status: 202, headers: { 'x-around': '1' } });
    expect(JSON.parse(accepted.body)).toMatchObject({ inner: { state: 'running' } });
    go.open();
    const again = await ask('node', app, post('/work'));
    expect(JSON.parse(again.body)).toEqual({ inner: { done: true } });
  });

  test('may have read the body past Hono, which is nothing to a request without a key', async () => {
    const app = new Hono();
    app.use(async (c, next) => {
      await c.req.raw.text();
      await next();
    });
    app.post('/work', holdOpen({ ...QUICK, runs: openRuns() }), (c) => c.text('ok'));
    const { headers: _, ...question } = post('/work');
    expect((await ask('node', app, question)).body).toBe('ok');
  });

  test('a held head names the run though the body was read before', async () => {
    const app = new Hono();
    app.use(async (c, next) => {
      await c.req.json();
      await next();
    });
    app.post('/work', holdOpen({ ...QUICK, runs: openRuns() }), async (c) => {
      await new Promise((resolve) => setTimeout(resolve, 150));
      return c.json(await c.req.json());
    });
    const reply = await ask('node', app, post('/work'));
    expect(reply.headers).toHaveProperty('holdopen');
    expect(statusOf(reply)).toMatch(/^\/runs\//);
    expect(readHeldJson(reply.body).payload).toBe('{"n":2}');
  });

  test('a handler that answers nothing has failed', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {});
    const app = new Hono();
    app.post('/work', holdOpen({ ...QUICK, runs: openRuns() }), (() => {}) as never);
    expect((await ask('node', app, post('/work'))).status).toBe(500);
    vi.restoreAllMocks();
  });
});
