// Hono's own middleware around and inside a held response.
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { basicAuth } from 'hono/basic-auth';
import { bearerAuth } from 'hono/bearer-auth';
import { bodyLimit } from 'hono/body-limit';
import { compress } from 'hono/compress';
import { contextStorage, getContext } from 'hono/context-storage';
import { setCookie } from 'hono/cookie';
import { cors } from 'hono/cors';
import { csrf } from 'hono/csrf';
import { etag } from 'hono/etag';
import { logger } from 'hono/logger';
import { poweredBy } from 'hono/powered-by';
import { prettyJSON } from 'hono/pretty-json';
import { requestId } from 'hono/request-id';
import { secureHeaders } from 'hono/secure-headers';
import { timeout } from 'hono/timeout';
import { timing } from 'hono/timing';
import { describe, expect, test } from 'vitest';
import { type HonoHoldOpenOptions, holdOpen } from '../../src/index.js';
import {
  ask,
  held,
  QUICK,
  type Question,
  type Reply,
  reached,
  readHeldJson,
  until,
  type Way,
  warnings,
} from '../support/index.js';

const ORIGIN = 'http://page.example';
const LONG = 'all work and no play '.repeat(200);

/** Nothing is held before the test would have failed. */
const PATIENT = { firstBeatMs: 8_000, intervalMs: 8_000 } as const;

interface Setting {
  /** Around holdopen; on Node only. */
  readonly outside?: readonly MiddlewareHandler[];
  readonly inside?: readonly MiddlewareHandler[];
  readonly options?: HonoHoldOpenOptions;
  readonly handler?: (c: Context) => Response | Promise<Response>;
}

function appOf({ outside = [], inside = [], options, handler }: Setting): Hono {
  const app = new Hono();
  for (const middleware of outside) app.use(middleware);
  app.use(holdOpen({ ...QUICK, format: 'json', ...options }));
  for (const middleware of inside) app.use(middleware);
  app.all('/work', async (c) => {
    await held(c);
    return handler?.(c) ?? c.json({ done: true });
  });
  app.all('/fast', (c) => handler?.(c) ?? c.json({ done: true }));
  return app;
}

export function describeMiddleware(way: Way): void {
  /** Where a middleware may stand: around holdopen only where a Node response is below both. */
  const places = way === 'fetch' ? (['inside'] as const) : (['inside', 'outside'] as const);
  const askWork = (setting: Setting, question: Question = {}): Promise<Reply> =>
    ask(way, appOf(setting), { path: '/work', ...question });

  describe.each(places)('middleware %s', (place) => {
    test('cors: its headers stand on the held head, and the page may read HoldOpen', async () => {
      const middleware = cors({ origin: ORIGIN, credentials: true, exposeHeaders: ['Location'] });
      const reply = await askWork(
        {
          [place]: [middleware],
          handler: (c) => c.json({}, 201, { Location: '/7', 'Retry-After': '1' }),
        },
        { headers: { Origin: ORIGIN } },
      );
      expect(reply.headers).toMatchObject({
        'access-control-allow-origin': ORIGIN,
        'access-control-allow-credentials': 'true',
        'access-control-expose-headers': 'Location, HoldOpen',
      });
      // Retry-After is not exposed to that page.
      expect(readHeldJson(reply.body).lateHead).toEqual({
        status: 201,
        headers: [['location', '/7']],
      });
    });

    test('cors: a preflight is answered as ever', async () => {
      const reply = await askWork(
        { [place]: [cors({ origin: ORIGIN })] },
        {
          method: 'OPTIONS',
          headers: { Origin: ORIGIN, 'Access-Control-Request-Method': 'POST' },
        },
      );
      expect(reply.status).toBe(204);
      expect(reply.headers).toMatchObject({ 'access-control-allow-origin': ORIGIN });
      expect(reply.headers).not.toHaveProperty('holdopen');
    });

    test('requestId: what is set before next() stands on the held head', async () => {
      const reply = await askWork(
        { [place]: [requestId()] },
        { headers: { 'X-Request-Id': 'request-1' } },
      );
      expect(reply.headers).toMatchObject({ 'x-request-id': 'request-1' });
    });

    test.each([
      ['secureHeaders', secureHeaders()],
      ['poweredBy', poweredBy()],
      ['timing', timing()],
    ])('%s: what is set after next() comes too late and harms nothing', async (_name, given) => {
      const reply = await askWork({ [place]: [given] });
      expect(reply).toMatchObject({ status: 200, ended: 'complete' });
      expect(readHeldJson(reply.body)).toMatchObject({
        lateHead: undefined,
        payload: '{"done":true}',
      });
    });

    test('logger: it tells the true status, and not before there is one', async () => {
      const lines: string[] = [];
      let linesAtCommit = 0;
      await askWork({
        [place]: [logger((line) => void lines.push(line))],
        handler(c) {
          linesAtCommit = lines.length;
          return c.json({}, 418);
        },
      });
      await until('both lines are written', () => lines.length === 2);
      expect(linesAtCommit).toBe(1);
      expect(lines[1]).toMatch(/--> GET \/work .*418/);
    });

    test('a transaction is not committed before the handler is done', async () => {
      const events: string[] = [];
      const transaction: MiddlewareHandler = async (c, next) => {
        events.push('begin');
        await next();
        await new Promise((resolve) => setTimeout(resolve, 20));
        events.push(c.error === undefined ? `commit ${c.res.status}` : 'rollback');
      };
      const reply = await askWork({
        [place]: [transaction],
        handler(c) {
          events.push('work');
          return c.json({ done: true }, 201);
        },
      });
      await until('it is over', () => events.length === 3);
      expect(events).toEqual(['begin', 'work', 'commit 201']);
      expect(readHeldJson(reply.body).payload).toBe('{"done":true}');
    });

    test('a transaction is rolled back where the handler fails late', async () => {
      const events: string[] = [];
      const transaction: MiddlewareHandler = async (c, next) => {
        await next();
        events.push(c.error === undefined ? 'commit' : `rollback: ${c.error.message}`);
      };
      const app = appOf({
        [place]: [transaction],
        handler() {
          throw new Error('late');
        },
      });
      app.onError((error, c) => c.json({ error: error.message }, 500));
      const reply = await ask(way, app, { path: '/work' });
      expect(reply.ended).toBe('cut');
      await until('it is over', () => events.length > 0);
      expect(events).toEqual(['rollback: late']);
    });

    test('timeout: its 504 is a late 504', async () => {
      const reply = await askWork({
        [place]: [timeout(200)],
        handler: () => new Promise<Response>(() => {}),
      });
      expect(reply.ended).toBe('cut');
      expect(readHeldJson(reply.body).lateHead?.status).toBe(504);
      expect(JSON.parse(`${reply.body}}`)).toMatchObject({ completion_status: 504 });
    });

    test('compress: it stands aside after the commit, and not before', async () => {
      const setting: Setting = {
        [place]: [compress()],
        handler: (c) => c.json({ text: LONG }),
      };
      const question = { headers: { 'Accept-Encoding': 'gzip' } };
      const slow = await askWork(setting, question);
      expect(slow.headers).not.toHaveProperty('content-encoding');
      expect(JSON.parse(slow.body)).toEqual({ text: LONG });
      const fast = await askWork({ ...setting, options: PATIENT }, { ...question, path: '/fast' });
      expect(fast.headers).toMatchObject({ 'content-encoding': 'gzip' });
    });

    test.each(['GET', 'POST'])('etag: no beat is withheld, no late 304 on a %s', async (method) => {
      const setting: Setting = {
        [place]: [etag()],
        handler(c) {
          expect(c.req.header('If-None-Match')).toBeUndefined();
          return c.json({ same: true });
        },
      };
      const quick: Setting = {
        [place]: [etag()],
        options: PATIENT,
        handler: (c) => c.json({ same: true }),
      };
      const first = await askWork(quick, { path: '/fast' });
      const headers = { 'If-None-Match': String(first.headers.etag) };
      const again = await askWork(quick, { path: '/fast', headers });
      expect(again.status).toBe(304);
      const slow = await askWork(setting, { method, headers });
      expect(slow).toMatchObject({ status: 200, ended: 'complete' });
      expect(slow.headers).not.toHaveProperty('etag');
      const { beats, lateHead, payload } = readHeldJson(slow.body);
      expect(beats).toBeGreaterThan(0);
      expect(lateHead).toBeUndefined();
      expect(payload).toBe('{"same":true}');
    });

    test.each([
      ['a raw Response', () => Response.json({ same: true }, { headers: { ETag: '"v1"' } })],
      ['c.json', (c: Context) => c.json({ same: true }, 200, { ETag: '"v1"' })],
    ])('etag: no late 304 by a tag of the handler’s own on %s', async (_kind, handler) => {
      const slow = await askWork(
        { [place]: [etag()], handler },
        { headers: { 'If-None-Match': '"v1"' } },
      );
      expect(slow.ended).toBe('complete');
      expect(readHeldJson(slow.body).payload).toBe('{"same":true}');
    });

    test.each([
      ['bearerAuth', bearerAuth({ token: 'right' }), { Authorization: 'Bearer wrong' }, 401],
      ['basicAuth', basicAuth({ username: 'a', password: 'b' }), {}, 401],
      [
        'csrf',
        csrf(),
        { Origin: 'http://evil.example', 'Content-Type': 'application/x-www-form-urlencoded' },
        403,
      ],
      ['bodyLimit', bodyLimit({ maxSize: 3 }), { 'Content-Type': 'text/plain' }, 413],
    ])('%s: its refusal is a true one', async (_name, middleware, headers, status) => {
      const reply = await askWork(
        { [place]: [middleware] },
        { method: 'POST', headers, body: 'a=b&c' },
      );
      expect(reply).toMatchObject({ status, ended: 'complete' });
      expect(reply.headers).not.toHaveProperty('holdopen');
    });

    test('prettyJSON: what it makes of a late payload arrives', async () => {
      const reply = await askWork({ [place]: [prettyJSON()] }, { path: '/work?pretty' });
      expect(readHeldJson(reply.body).payload).toBe('{\n  "done": true\n}');
    });

    test('a header set after next() is late where it is listed', async () => {
      const late: MiddlewareHandler = async (c, next) => {
        await next();
        c.header('X-Cost', '7');
        c.header('Link', '</next>');
      };
      const reply = await askWork({ [place]: [late], options: { lateHeaders: ['x-cost'] } });
      expect(readHeldJson(reply.body).lateHead).toEqual({
        status: 200,
        headers: [
          ['link', '</next>'],
          ['x-cost', '7'],
        ],
      });
    });
  });

  test('bodyLimit: a body within the limit is worked on, also in a Request of its own', async () => {
    const reply = await askWork(
      {
        inside: [bodyLimit({ maxSize: 100 })],
        handler: async (c) => c.json(await c.req.text()),
      },
      { method: 'POST', body: 'text' },
    );
    expect(readHeldJson(reply.body).payload).toBe('"text"');
  });

  test('cookies set before the commit stand on the held head, later ones are warned of', async () => {
    const warned = warnings('HOLDOPEN_COOKIE_DROPPED');
    const early: MiddlewareHandler = async (c, next) => {
      setCookie(c, 'a', '1');
      setCookie(c, 'b', '2');
      await next();
    };
    const reply = await askWork({
      inside: [early],
      handler(c) {
        setCookie(c, 'late', 'secret');
        return c.json({});
      },
    });
    expect(reply.headers['set-cookie']).toMatch(/^a=1; Path=\/, ?b=2; Path=\/$/);
    expect(reply.body).not.toContain('secret');
    await until('it is warned of', () => warned.length > 0);
  });

  test('the option headers adds to what is set on the context', async () => {
    const seen: string[] = [];
    const early: MiddlewareHandler = async (c, next) => {
      setCookie(c, 'a', '1');
      c.header('X-A', 'context');
      c.header('X-B', 'context');
      await next();
    };
    const reply = await askWork(
      {
        inside: [early],
        options: {
          headers(request) {
            seen.push(request.headers.get('x-question') ?? '');
            return [
              ['X-B', 'option'],
              ['Set-Cookie', 'b=2'],
            ];
          },
        },
      },
      { headers: { 'X-Question': '42' } },
    );
    expect(reply.headers).toMatchObject({ 'x-a': 'context', 'x-b': 'option' });
    expect(reply.headers['set-cookie']).toMatch(/^a=1; Path=\/, ?b=2$/);
    expect(seen).toEqual(['42']);
  });

  test('headers prepared before the commit come once, also where nothing is held', async () => {
    const app = new Hono();
    app.use(holdOpen({ ...QUICK, format: 'json', headers: () => ({ 'X-Option': '1' }) }));
    app.get('/text', async (c) => {
      c.header('Content-Type', 'text/csv');
      c.header('X-A', '1');
      await reached(c, 'untouched');
      return c.body('a,b');
    });
    const reply = await ask(way, app, { path: '/text' });
    expect(reply).toMatchObject({ status: 200, body: 'a,b' });
    expect(reply.headers).toMatchObject({ 'content-type': 'text/csv', 'x-a': '1' });
    expect(reply.headers).not.toHaveProperty('x-option');
  });

  test('a compressor of any kind is asked to stand aside', async () => {
    let asked: string | null = '';
    const compressor: MiddlewareHandler = async (c, next) => {
      await next();
      asked = c.res.headers.get('Cache-Control');
    };
    await askWork({
      inside: [compressor],
      handler: () => Response.json({}, { headers: { 'Cache-Control': 'max-age=1' } }),
    });
    await until('it has looked', () => asked !== '');
    expect(asked).toBe('no-store, no-transform');
  });

  test('etag: a slow answer that passes may still be a 304', async () => {
    const app = new Hono();
    app.use(holdOpen(QUICK), etag());
    app.get('/page', async (c) => {
      await reached(c, 'untouched');
      expect(c.req.header('If-None-Match')).toBe('"v1"');
      return c.html('<p>same</p>', 200, { ETag: '"v1"', 'Cache-Control': 'max-age=1' });
    });
    const reply = await ask(way, app, { path: '/page', headers: { 'If-None-Match': '"v1"' } });
    expect(reply).toMatchObject({ status: 304, headers: { 'cache-control': 'max-age=1' } });
  });

  test('contextStorage: the context is found all the way', async () => {
    const paths: string[] = [];
    const note: MiddlewareHandler = async (_c, next) => {
      await next();
      paths.push(getContext().req.path);
    };
    await askWork({
      inside: [contextStorage(), note],
      handler(c) {
        paths.push(getContext().req.path);
        return c.json({});
      },
    });
    await until('both have looked', () => paths.length === 2);
    expect(paths).toEqual(['/work', '/work']);
  });
}
