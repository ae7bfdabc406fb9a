import { describe, expect, test } from 'vitest';
import { holdOpen, registry } from '../../src/index.js';
import { ask, held, QUICK, readHeldJson, serve, VERSIONS } from '../support/index.js';

describe.each(VERSIONS)('in $name', ({ express }) => {
  test('a held head names Express, unless the app has disabled x-powered-by', async () => {
    for (const named of [true, false]) {
      const app = express();
      app.set('x-powered-by', named);
      app.get('/', holdOpen(QUICK), async (req, res) => {
        await held(req);
        res.json({});
      });
      const reply = await ask(await serve(app));
      expect(reply.headers['x-powered-by']).toBe(named ? 'Express' : undefined);
      expect(readHeldJson(reply.body)).toMatchObject({ lateHead: undefined });
    }
  });

  test('trust proxy counts after the commit as before', async () => {
    const app = express();
    app.set('trust proxy', true);
    app.get('/', holdOpen(QUICK), async (req, res) => {
      await held(req);
      res.json({ ip: req.ip, host: req.hostname, secure: req.secure });
    });
    const reply = await ask(await serve(app), {
      headers: {
        'X-Forwarded-For': '10.0.0.7',
        'X-Forwarded-Host': 'api.example.com',
        'X-Forwarded-Proto': 'https',
      },
    });
    expect(JSON.parse(reply.body)).toEqual({
      ip: '10.0.0.7',
      host: 'api.example.com',
      secure: true,
    });
  });

  test('JSON settings, req.app and res.app of a mounted app hold after the commit', async () => {
    const app = express();
    const child = express();
    child.set('json spaces', 2);
    child.get('/', async (req, res) => {
      await held(req);
      res.json({ own: req.app === child && res.app === child, at: req.baseUrl });
    });
    app.use(holdOpen({ ...QUICK, format: 'json' }));
    app.use('/child', child);
    const reply = await ask(await serve(app), { path: '/child' });
    expect(readHeldJson(reply.body).payload).toBe('{\n  "own": true,\n  "at": "/child"\n}');
  });

  test('router.param may take its time: it is part of the silence', async () => {
    const app = express();
    const router = express.Router();
    router.use(holdOpen({ ...QUICK, format: 'json' }));
    router.param('id', (req, res, next, id: string) => {
      held(req).then(() => {
        res.locals.user = { id };
        next(id === '0' ? Object.assign(new Error('no such user'), { status: 404 }) : undefined);
      }, next);
    });
    router.get('/users/:id', (_req, res) => void res.json(res.locals.user));
    app.set('env', 'test');
    app.use(router);
    const served = await serve(app);
    const found = await ask(served, { path: '/users/7' });
    expect(readHeldJson(found.body).payload).toBe('{"id":"7"}');
    const missing = await ask(served, { path: '/users/0' });
    expect(readHeldJson(missing.body).lateHead?.status).toBe(404);
  });

  test('guards before the commit answer with their own status, guards after it late', async () => {
    const app = express();
    app.use(holdOpen({ ...QUICK, format: 'json' }));
    app.use(async (req, res, next) => {
      if (req.query.when === 'late') await held(req);
      if (req.headers.authorization === undefined) {
        res.set('WWW-Authenticate', 'Bearer').status(401).json({ error: 'who?' });
      } else {
        next();
      }
    });
    app.get('/', (_req, res) => void res.json({ secret: true }));
    const served = await serve(app);
    const early = await ask(served);
    expect(early.status).toBe(401);
    expect(early.headers).toMatchObject({ 'www-authenticate': 'Bearer' });
    const late = await ask(served, { path: '/?when=late' });
    expect(late.body).not.toContain('secret');
    expect(readHeldJson(late.body).lateHead).toEqual({
      status: 401,
      headers: [['www-authenticate', 'Bearer']],
    });
  });

  test('res.headersSent and res.statusCode are the handler’s own after the commit', async () => {
    const seen: unknown[] = [];
    const app = express();
    app.get('/', holdOpen(QUICK), async (req, res) => {
      await held(req);
      seen.push(res.headersSent, res.get('HoldOpen'), res.statusCode);
      res.status(202).type('json').write('{');
      seen.push(res.headersSent, res.statusCode);
      expect(() => res.set('X-Late', '1')).toThrow('after they are sent');
      res.end('}');
    });
    const reply = await ask(await serve(app));
    expect(readHeldJson(reply.body)).toMatchObject({ lateHead: { status: 202 }, payload: '{}' });
    expect(seen).toEqual([false, undefined, 200, true, 202]);
  });

  test('what was set before the commit counts after it: the status late, headers at the commit', async () => {
    const seen: unknown[] = [];
    const app = express();
    app.get('/', holdOpen(QUICK), async (req, res) => {
      res.status(202).set('X-Early', '1').location('/jobs/1').vary('Accept');
      await held(req);
      seen.push(res.statusCode, res.get('X-Early'), res.get('Location'));
      res.vary('Origin').json({});
    });
    const reply = await ask(await serve(app));
    expect(reply.status).toBe(200);
    expect(reply.headers).toMatchObject({ 'x-early': '1', location: '/jobs/1', vary: 'Accept' });
    expect(readHeldJson(reply.body).lateHead).toEqual({ status: 202, headers: [] });
    expect(seen).toEqual([202, '1', '/jobs/1']);
  });

  test('what Express adds to every answer is not missed; a header of the handler’s is counted', async () => {
    const app = express();
    app.get('/:header', holdOpen(QUICK), async (req, res) => {
      await held(req);
      if (req.params.header === 'own') res.set('X-Own', '1');
      res.json({});
    });
    const served = await serve(app);
    const before = registry.counters.lateHeadersDropped;
    await ask(served, { path: '/none' });
    expect(registry.counters.lateHeadersDropped).toBe(before);
    await ask(served, { path: '/own' });
    expect(registry.counters.lateHeadersDropped).toBe(before + 1);
  });
});
