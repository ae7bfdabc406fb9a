// How a held response lives and ends: hooks, signals, silence, disconnects, many at once.
import { AsyncLocalStorage } from 'node:async_hooks';
import { Hono } from 'hono';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { getHold, type HoldHandle, type HonoHoldOpenOptions, holdOpen } from '../../src/index.js';
import {
  ask,
  askAll,
  begin,
  held,
  QUICK,
  reached,
  readHeldJson,
  until,
  type Way,
} from '../support/index.js';

const storage = new AsyncLocalStorage<string>();

function heldApp(options: HonoHoldOpenOptions = {}): Hono {
  const app = new Hono();
  app.use(holdOpen({ ...QUICK, format: 'json', ...options }));
  return app;
}

export function describeLife(way: Way): void {
  describe('a hold', () => {
    beforeEach(() => {
      const spy = vi.spyOn(console, 'error').mockImplementation(() => {});
      return () => spy.mockRestore();
    });

    test('the handler reaches it, and both ways give the same', async () => {
      const states: string[] = [];
      let hold: HoldHandle | undefined;
      const app = heldApp();
      app.get('/work', async (c) => {
        hold = c.get('holdOpen');
        expect(getHold(c)).toBe(hold);
        expect(c.var.holdOpen).toBe(hold);
        states.push(hold.state);
        await held(c);
        states.push(hold.state);
        return c.json({ id: hold.id });
      });
      const reply = await ask(way, app, { path: '/work' });
      expect(JSON.parse(reply.body)).toEqual({ id: hold?.id });
      expect(hold?.id).toMatch(/^\S+$/);
      await until('it is complete', () => hold?.state === 'complete');
      expect(states).toEqual(['waiting', 'held']);
    });

    test('hooks get the Request, in the request’s own async context', async () => {
      const seen = new Set<string>();
      const note = (hook: string, request: Request): void =>
        void seen.add(`${hook} of ${new URL(request.url).pathname} in ${storage.getStore()}`);
      const app = heldApp({
        format(request) {
          note('format', request);
          return 'json';
        },
        headers(request) {
          note('headers', request);
          return {};
        },
        lateError(_outcome, request) {
          note('lateError', request);
          return { late: true };
        },
        onBeat: (_hold, request) => note('onBeat', request),
        onLateOutcome: (_outcome, request) => note('onLateOutcome', request),
      });
      app.get('/:id', async (c) => {
        await held(c);
        throw new Error('late');
      });
      const inContext = {
        fetch: (request: Request, env?: unknown) =>
          storage.run(new URL(request.url).pathname, () => app.fetch(request, env as object)),
      };
      const paths = ['/1', '/2'];
      const replies = await Promise.all(paths.map((path) => ask(way, inContext, { path })));
      for (const reply of replies) {
        expect(reply.ended).toBe('complete');
        expect(readHeldJson(reply.body).payload).toBe('{"late":true}');
      }
      const hooks = ['format', 'headers', 'lateError', 'onBeat', 'onLateOutcome'];
      await until('all hooks were called', () => seen.size >= 2 * hooks.length);
      expect([...seen].sort()).toEqual(
        hooks.flatMap((hook) => paths.map((path) => `${hook} of ${path} in ${path}`)),
      );
    });

    test('headers that fail are told of, and the head goes out without them', async () => {
      const app = heldApp({
        headers() {
          throw new Error('broken');
        },
      });
      app.get('/work', async (c) => {
        c.header('X-A', '1');
        await held(c);
        return c.json(1);
      });
      const reply = await ask(way, app, { path: '/work' });
      expect(reply.headers).toMatchObject({ 'x-a': '1', holdopen: 'interval=60, format=json' });
      expect(readHeldJson(reply.body).payload).toBe('1');
      expect(console.error).toHaveBeenCalledWith(
        expect.stringContaining('headers failed'),
        expect.objectContaining({ message: 'broken' }),
      );
    });

    test('lateError body: the error is whole and the end is clean', async () => {
      const app = heldApp({ lateError: 'body' });
      app.get('/work', async (c) => {
        await held(c);
        return c.json({ why: 'late' }, 409);
      });
      const reply = await ask(way, app, { path: '/work' });
      expect(reply.ended).toBe('complete');
      expect(readHeldJson(reply.body)).toMatchObject({
        lateHead: { status: 409 },
        payload: '{"why":"late"}',
      });
    });

    test('a handler that is silent for too long fails with 504, and is told to stop', async () => {
      let reason: unknown;
      const app = heldApp({ maxSilenceMs: 200 });
      app.get('/work', async (c) => {
        const { signal } = c.get('holdOpen');
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        reason = signal.reason;
        throw reason;
      });
      const reply = await ask(way, app, { path: '/work' });
      expect(reply.ended).toBe('cut');
      expect(readHeldJson(reply.body).lateHead?.status).toBe(504);
      expect(JSON.parse(`${reply.body}}`)).toMatchObject({ code: 'silence' });
      await until('it was told', () => reason !== undefined);
      expect(reason).toMatchObject({ code: 'HOLDOPEN_SILENCE' });
    });

    test('touch() is a sign of life', async () => {
      const maxSilenceMs = 250;
      const app = heldApp({ maxSilenceMs });
      app.get('/work', async (c) => {
        const hold = c.get('holdOpen');
        const start = performance.now();
        await until('it has worked for long', () => {
          hold.touch();
          return performance.now() - start > 2 * maxSilenceMs;
        });
        return c.json(hold.state);
      });
      const reply = await ask(way, app, { path: '/work' });
      expect(readHeldJson(reply.body).payload).toBe('"held"');
    });

    test('the signal fires when the client leaves, and so does that of the request', async () => {
      let hold: HoldHandle | undefined;
      let raw: AbortSignal | undefined;
      const app = heldApp();
      app.get('/work', async (c) => {
        hold = c.get('holdOpen');
        raw = c.req.raw.signal;
        const { signal } = hold;
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        throw signal.reason;
      });
      const client = await begin(way, app, { path: '/work' });
      await client.arrived('\n\n');
      client.leave();
      await until('it has fired', () => hold?.signal.aborted === true);
      expect(hold?.signal.reason).toMatchObject({ code: 'HOLDOPEN_DISCONNECTED' });
      expect(hold?.state).toBe('gone');
      // Without a server nobody tells the request.
      if (way !== 'fetch') await until('both have fired', () => raw?.aborted === true);
    });

    test('onDisconnect continue: the work is done though its client has left', async () => {
      let answered = false;
      let signal: AbortSignal | undefined;
      const app = heldApp({ onDisconnect: 'continue' });
      app.get('/work', async (c) => {
        signal = c.get('holdOpen').signal;
        await reached(c, 'gone');
        answered = true;
        return c.json(1);
      });
      const client = await begin(way, app, { path: '/work' });
      await client.arrived('\n\n');
      client.leave();
      await until('the work is done', () => answered);
      expect(signal?.aborted).toBe(false);
    });

    test('two requests at once do not mix', async () => {
      const app = heldApp();
      app.use(async (c, next) => {
        c.header('X-Early', c.req.path);
        await next();
        c.header('Link', `<${c.req.path}>`);
      });
      let waiting = 0;
      app.get('/:id', async (c) => {
        await held(c);
        waiting += 1;
        await until('both are held', () => waiting === 2);
        return c.json(c.req.param('id'), c.req.path === '/1' ? 201 : 202);
      });
      const replies = await Promise.all(['/1', '/2'].map((path) => ask(way, app, { path })));
      expect(replies.map(({ headers }) => headers['x-early'])).toEqual(['/1', '/2']);
      expect(replies.map(({ body }) => readHeldJson(body))).toMatchObject([
        { lateHead: { status: 201, headers: [['link', '</1>']] }, payload: '"1"' },
        { lateHead: { status: 202, headers: [['link', '</2>']] }, payload: '"2"' },
      ]);
    });

    test('200 at once are all answered, each with its own', async () => {
      const count = 200;
      let waiting = 0;
      const app = heldApp();
      app.get('/:id', async (c) => {
        await held(c);
        waiting += 1;
        await until('all are held', () => waiting === count);
        return c.json({ id: c.req.param('id') });
      });
      const paths = Array.from({ length: count }, (_, i) => `/${i}`);
      const bodies = await askAll(way, app, paths);
      expect(bodies.map((body) => JSON.parse(body).id)).toEqual(paths.map((path) => path.slice(1)));
    });

    test('nothing is held beyond maxHolds', async () => {
      const app = heldApp({ maxHolds: 0 });
      app.get('/work', async (c) => {
        await reached(c, 'untouched');
        return c.json(1, 201);
      });
      expect(await ask(way, app, { path: '/work' })).toMatchObject({ status: 201, body: '1' });
    });
  });
}
