import { holdOpen as wrapListener } from '@holdopen/node';
import type { RequestHandler } from 'express';
import { describe, expect, test } from 'vitest';
import { holdOpen, registry } from '../src/index.js';
import { ask, held, QUICK, quiet, readHeldJson, serve, VERSIONS } from './support/index.js';

/** What axios and browsers' fetch say of every request. */
const EVERYTHING = { Accept: 'application/json, text/plain, */*' };
const JSON_ONLY = { Accept: 'application/json' };

/** Long enough for a first beat, which the test then sees or does not. */
const slow: RequestHandler = (_req, res) => {
  void quiet(70).then(() => res.json({ done: true }));
};

describe.each(VERSIONS)('in $name', ({ express, major }) => {
  test('on a route JSON is taken for granted, with app.use it is not', async () => {
    const app = express();
    app.get('/route', holdOpen(QUICK), slow);
    app.use('/used', holdOpen(QUICK));
    app.get('/used/slow', slow);
    const served = await serve(app);
    const route = await ask(served, { path: '/route', headers: EVERYTHING });
    expect(route.headers).toMatchObject({ holdopen: 'interval=60, format=json' });
    expect(readHeldJson(route.body)).toMatchObject({ payload: '{"done":true}' });
    const before = registry.counters.untouched.accept ?? 0;
    const used = await ask(served, { path: '/used/slow', headers: EVERYTHING });
    expect(used.headers).not.toHaveProperty('holdopen');
    expect(used.body).toBe('{"done":true}');
    expect(registry.counters.untouched.accept).toBe(before + 1);
  });

  test('by itself on a pattern it guesses nothing, with a handler behind it there it does', async () => {
    const everything = major === 5 ? '/{*path}' : '*';
    const page: RequestHandler = (_req, res) => void quiet(70).then(() => res.send('<p>page</p>'));
    const apps = {
      'app.get': express().get(everything, holdOpen(QUICK)).get('/page', page),
      'app.all': express().all(everything, holdOpen(QUICK)).get('/page', page),
      RegExp: express().get(/.*/, holdOpen(QUICK)).get('/page', page),
      list: express().all(['/none', everything], holdOpen(QUICK)).get('/page', page),
      'another method behind it': express(),
    };
    const other = express();
    other.route(everything).all(holdOpen(QUICK)).post(slow);
    apps['another method behind it'] = other.get('/page', page);
    for (const app of Object.values(apps)) {
      const reply = await ask(await serve(app), { path: '/page', headers: EVERYTHING });
      expect(reply).toMatchObject({ status: 200, body: '<p>page</p>' });
    }
    const asked = express().get(everything, holdOpen(QUICK), slow);
    const reply = await ask(await serve(asked), { path: '/any', headers: EVERYTHING });
    expect(reply.headers).toMatchObject({ holdopen: 'interval=60, format=json' });
  });

  test('mounted first it holds every route of the app for clients that take only JSON', async () => {
    const app = express();
    app.use(holdOpen(QUICK));
    app.get('/a', slow);
    app.use('/deep', express.Router().get('/er', slow));
    const served = await serve(app);
    for (const path of ['/a', '/deep/er']) {
      const reply = await ask(served, { path, headers: JSON_ONLY });
      expect(readHeldJson(reply.body).beats).toBeGreaterThan(0);
    }
  });

  test('on a router it holds the routes of that router and no others', async () => {
    const app = express();
    const api = express.Router();
    api.use(holdOpen(QUICK));
    api.get('/slow', slow);
    app.use('/api', api);
    app.get('/slow', slow);
    const served = await serve(app);
    const inside = await ask(served, { path: '/api/slow', headers: JSON_ONLY });
    const outside = await ask(served, { path: '/slow', headers: JSON_ONLY });
    expect(inside.headers).toHaveProperty('holdopen');
    expect(outside.headers).not.toHaveProperty('holdopen');
    const everything = await ask(served, { path: '/api/slow', headers: EVERYTHING });
    expect(everything.headers).not.toHaveProperty('holdopen');
  });

  test.each(['app.use', 'router.use'])(
    '%s behind a route that passed the request on still guesses nothing',
    async (where) => {
      const app = express();
      const guard: RequestHandler = (_req, _res, next) => next();
      const router = where === 'app.use' ? app : express.Router();
      router.all(major === 5 ? '/{*all}' : '*', guard);
      router.use(holdOpen(QUICK));
      router.get('/page', (_req, res) => void quiet(70).then(() => res.send('<p>page</p>')));
      if (router !== app) app.use(router);
      const reply = await ask(await serve(app), { path: '/page', headers: EVERYTHING });
      expect(reply.headers).toMatchObject({ 'content-type': 'text/html; charset=utf-8' });
      expect(reply.body).toBe('<p>page</p>');
    },
  );

  test('a route inside a router that is behind another route is a route', async () => {
    const app = express();
    app.all(major === 5 ? '/{*all}' : '*', (_req, _res, next) => next());
    app.use('/api', express.Router().get('/slow', holdOpen(QUICK), slow));
    const reply = await ask(await serve(app), { path: '/api/slow', headers: EVERYTHING });
    expect(reply.headers).toHaveProperty('holdopen');
  });

  test('app.route().all() and a list of handlers are a route too', async () => {
    const app = express();
    app.route('/all').all(holdOpen(QUICK)).get(slow);
    app.get('/list', [holdOpen(QUICK), slow]);
    const served = await serve(app);
    for (const path of ['/all', '/list']) {
      const reply = await ask(served, { path, headers: EVERYTHING });
      expect(reply.headers).toHaveProperty('holdopen');
    }
  });

  test('the innermost options win: route over router over app', async () => {
    const app = express();
    app.use(holdOpen({ firstBeatMs: 20, intervalMs: 5_000 }));
    const router = express.Router();
    router.use(holdOpen({ firstBeatMs: 20, intervalMs: 4_000 }));
    router.get('/router', slow);
    router.get('/route', holdOpen({ firstBeatMs: 20, intervalMs: 70 }), slow);
    router.get('/off', holdOpen({ intervalMs: false }), slow);
    app.use('/in', router);
    app.get('/app', slow);
    const served = await serve(app);
    const before = registry.counters.holds;
    const announced = async (path: string) =>
      (await ask(served, { path, headers: JSON_ONLY })).headers.holdopen;
    const paths = ['/app', '/in/router', '/in/route', '/in/off'];
    expect(await Promise.all(paths.map(announced))).toEqual([
      'interval=5000, format=json',
      'interval=4000, format=json',
      'interval=70, format=json',
      undefined,
    ]);
    expect(registry.counters.holds).toBe(before + 3);
  });

  test('a mounted app is held by its parent, and its own options win', async () => {
    const app = express();
    const child = express();
    child.get('/parent', slow);
    child.get('/own', holdOpen({ firstBeatMs: 20, intervalMs: 70 }), slow);
    app.use(holdOpen({ firstBeatMs: 20, intervalMs: 5_000 }));
    app.use('/child', child);
    const served = await serve(app);
    const parent = await ask(served, { path: '/child/parent', headers: JSON_ONLY });
    const own = await ask(served, { path: '/child/own', headers: JSON_ONLY });
    expect(parent.headers.holdopen).toBe('interval=5000, format=json');
    expect(own.headers.holdopen).toBe('interval=70, format=json');
    expect(readHeldJson(own.body).payload).toBe('{"done":true}');
  });

  test('format as a function of Express’s request says so for all routes', async () => {
    const app = express();
    const format = (req: { path: string; query: object }) => {
      expect(req.query).toMatchObject({ v: '1' });
      return req.path.startsWith('/api') ? 'json' : 'auto';
    };
    app.use(holdOpen({ ...QUICK, format }));
    app.get('/api/slow', slow);
    app.get('/slow', slow);
    const served = await serve(app);
    const api = await ask(served, { path: '/api/slow?v=1', headers: EVERYTHING });
    const other = await ask(served, { path: '/slow?v=1', headers: EVERYTHING });
    expect(api.headers).toHaveProperty('holdopen');
    expect(other.headers).not.toHaveProperty('holdopen');
  });

  test('what stands behind it is called at once, in the same turn, and once', async () => {
    const keepOpen = holdOpen();
    const calls: unknown[][] = [];
    const app = express();
    app.get('/', (req, res, next) => {
      const given: unknown[][] = [];
      const result: unknown = keepOpen(req, res, (...args: unknown[]) => void given.push(args));
      calls.push(...given);
      expect(result).toBeUndefined();
      next();
    });
    app.get('/', (_req, res) => void res.json({}));
    await ask(await serve(app));
    expect(calls).toEqual([[]]);
  });

  test('called with another next, as tracing wraps it, it still knows a route from a mount', async () => {
    const keepOpen = holdOpen(QUICK);
    const wrapped: RequestHandler = (req, res, next) => keepOpen(req, res, () => next());
    const app = express();
    app.get('/route', wrapped, slow);
    app.use(wrapped);
    app.get('/used', slow);
    const served = await serve(app);
    const route = await ask(served, { path: '/route', headers: EVERYTHING });
    const used = await ask(served, { path: '/used', headers: EVERYTHING });
    expect(route.headers).toHaveProperty('holdopen');
    expect(used.headers).not.toHaveProperty('holdopen');
  });

  test('within a listener that is wrapped by itself it is one hold, and the route’s options win', async () => {
    const app = express();
    app.get('/route', holdOpen({ firstBeatMs: 20, intervalMs: 70 }), slow);
    app.get('/other', slow);
    const served = await serve(
      wrapListener((req, res) => app(req, res), { firstBeatMs: 20, intervalMs: 5_000 }),
    );
    const before = registry.counters.holds;
    const route = await ask(served, { path: '/route' });
    expect(route.headers.holdopen).toBe('interval=70, format=json');
    expect((await ask(served, { path: '/other' })).headers.holdopen).toContain('interval=5000');
    expect(registry.counters.holds).toBe(before + 2);
  });

  test('a type that the handler has set counts for more than Accept', async () => {
    const app = express();
    app.use(holdOpen(QUICK));
    app.get('/', async (req, res) => {
      res.type('json');
      await held(req);
      res.send('{"done":true}');
    });
    const reply = await ask(await serve(app), { headers: EVERYTHING });
    expect(readHeldJson(reply.body)).toMatchObject({ payload: '{"done":true}' });
  });
});
