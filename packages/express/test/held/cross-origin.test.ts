import cors from 'cors';
import helmet from 'helmet';
import { describe, expect, test } from 'vitest';
import { holdOpen } from '../../src/index.js';
import { ask, held, QUICK, readHeldJson, serve, VERSIONS } from '../support/index.js';

const FOREIGN = { Origin: 'https://shop.example', Accept: 'application/json' };

describe.each(VERSIONS)('in $name', ({ express }) => {
  function corsApp(options: cors.CorsOptions, where: 'before' | 'after' = 'after') {
    const app = express();
    const keepOpen = holdOpen(QUICK);
    if (where === 'before') app.use(cors(options), keepOpen);
    else app.use(keepOpen, cors(options));
    app.get('/', async (req, res) => {
      await held(req);
      res.set({ 'Retry-After': '5', 'X-Total': '3' }).status(201).json({ id: 7 });
    });
    return serve(app);
  }

  test.each(['before', 'after'] as const)(
    'the headers of cors() mounted %s holdopen stand on the held head, and its page may read HoldOpen',
    async (where) => {
      const served = await corsApp(
        { origin: true, credentials: true, exposedHeaders: ['X-Total'] },
        where,
      );
      const reply = await ask(served, { headers: FOREIGN });
      expect(reply.headers).toMatchObject({
        'access-control-allow-origin': 'https://shop.example',
        'access-control-allow-credentials': 'true',
        'access-control-expose-headers': 'X-Total, HoldOpen',
        vary: 'Origin',
        holdopen: 'interval=60, format=json',
      });
      // Retry-After is listed but not exposed to this page.
      expect(readHeldJson(reply.body).lateHead).toEqual({ status: 201, headers: [] });
    },
  );

  test('a late header that is exposed reaches the page', async () => {
    const served = await corsApp({ origin: '*', exposedHeaders: 'Retry-After' });
    const reply = await ask(served, { headers: FOREIGN });
    expect(reply.headers['access-control-expose-headers']).toBe('Retry-After, HoldOpen');
    expect(readHeldJson(reply.body).lateHead?.headers).toEqual([['retry-after', '5']]);
  });

  test('without another origin nothing is exposed and every listed header comes', async () => {
    const reply = await ask(await corsApp({ origin: '*' }), {
      headers: { Accept: 'application/json' },
    });
    expect(reply.headers).not.toHaveProperty('access-control-expose-headers');
    expect(readHeldJson(reply.body).lateHead?.headers).toEqual([['retry-after', '5']]);
  });

  test('a preflight is answered by cors() as without holdopen', async () => {
    const reply = await ask(await corsApp({ origin: true }), {
      method: 'OPTIONS',
      headers: { ...FOREIGN, 'Access-Control-Request-Method': 'PUT', Connection: 'close' },
    });
    expect(reply.status).toBe(204);
    expect(reply.headers).toHaveProperty('access-control-allow-methods');
    expect(reply.headers).not.toHaveProperty('holdopen');
  });

  test.each(['before', 'after'] as const)(
    'the headers of helmet() mounted %s holdopen stand on the held head',
    async (where) => {
      const app = express();
      const keepOpen = holdOpen(QUICK);
      if (where === 'before') app.use(helmet(), keepOpen);
      else app.use(keepOpen, helmet());
      app.get('/', async (req, res) => {
        await held(req);
        res.json({ safe: true });
      });
      const reply = await ask(await serve(app), { headers: { Accept: 'application/json' } });
      expect(reply.headers).toMatchObject({
        'content-security-policy': expect.stringContaining("default-src 'self'"),
        'strict-transport-security': expect.any(String),
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'SAMEORIGIN',
        'cache-control': 'no-store, no-transform',
        'x-accel-buffering': 'no',
      });
      expect(reply.headers).not.toHaveProperty('x-powered-by');
      expect(readHeldJson(reply.body)).toMatchObject({ lateHead: undefined });
    },
  );

  test('a Cache-Control of the application’s gives way, for a held answer must not be kept', async () => {
    const app = express();
    app.get('/', holdOpen(QUICK), async (req, res) => {
      res.set('Cache-Control', 'public, max-age=600');
      await held(req);
      res.json({});
    });
    const reply = await ask(await serve(app));
    expect(reply.headers['cache-control']).toBe('no-store, no-transform');
  });
});
