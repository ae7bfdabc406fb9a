// What a handler may answer after the commit, and what becomes of it.
import { type Context, Hono } from 'hono';
import { html } from 'hono/html';
import { HTTPException } from 'hono/http-exception';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { holdOpen, type LateOutcome } from '../../src/index.js';
import {
  anyPrefixParses,
  ask,
  held,
  QUICK,
  type Reply,
  readHeldJson,
  type Way,
} from '../support/index.js';

type Answer = (c: Context) => Response | Promise<Response>;
type Build = (app: Hono) => void;

interface Success {
  readonly title: string;
  readonly answer: Answer;
  readonly status: number;
  readonly headers?: [string, string][];
  readonly payload: string;
}

const SUCCESSES: Success[] = [
  { title: 'c.json', answer: (c) => c.json({ a: 'ü' }), status: 200, payload: '{"a":"ü"}' },
  {
    title: 'c.json with a status and a header',
    answer: (c) => c.json({ id: 7 }, 201, { Location: '/7', 'X-Secret': 'no' }),
    status: 201,
    headers: [['location', '/7']],
    payload: '{"id":7}',
  },
  {
    title: 'c.status and c.header before c.json',
    answer(c) {
      c.status(202);
      c.header('Retry-After', '5');
      return c.json([]);
    },
    status: 202,
    headers: [['retry-after', '5']],
    payload: '[]',
  },
  {
    title: 'c.body of JSON text',
    answer: (c) => c.body('{"b":1}', 200, { 'Content-Type': 'application/json' }),
    status: 200,
    payload: '{"b":1}',
  },
  {
    title: 'c.newResponse',
    answer: (c) =>
      c.newResponse('{"n":1}', 203, { 'Content-Type': 'application/problem+json; charset=utf-8' }),
    status: 203,
    payload: '{"n":1}',
  },
  { title: 'Response.json', answer: () => Response.json(1), status: 200, payload: '1' },
  {
    title: 'a Response with a stream',
    answer: () =>
      new Response(new Blob(['{"s":', '[1', ',2]}']).stream(), {
        headers: { 'Content-Type': 'application/json' },
      }),
    status: 200,
    payload: '{"s":[1,2]}',
  },
  {
    title: 'a Response with bytes',
    answer: () =>
      new Response(new TextEncoder().encode('["ä"]'), {
        headers: { 'Content-Type': 'application/json' },
      }),
    status: 200,
    payload: '["ä"]',
  },
  { title: '204', answer: (c) => c.body(null, 204), status: 204, payload: 'null' },
  {
    title: 'a promise of c.json',
    answer: async (c) => c.json(await Promise.resolve(null)),
    status: 200,
    payload: 'null',
  },
];

interface Failure {
  readonly title: string;
  readonly build: Build;
  readonly status: number;
  readonly code?: LateOutcome extends infer O ? (O extends { code: infer C } ? C : never) : never;
  readonly error?: Record<string, unknown>;
  /** Must not be shown. */
  readonly secret?: string;
  /** @hono/node-server destroys the connection at once, so that the reason may not arrive. */
  readonly destroyed?: boolean;
}

const work =
  (answer: Answer): Build =>
  (app) =>
    void app.get('/work', answer);
const throwing = (error: () => unknown): Build =>
  work(() => {
    throw error();
  });

const FAILURES: Failure[] = [
  {
    title: 'c.json with 422',
    build: work((c) => c.json({ why: 'late' }, 422)),
    status: 422,
    code: 'error_status',
    error: { why: 'late' },
  },
  {
    title: 'c.text with 200',
    build: work((c) => c.text('done')),
    status: 500,
    code: 'wrong_type',
    secret: 'done',
  },
  {
    title: 'c.text with 503',
    build: work((c) => c.text('busy', 503)),
    status: 503,
    code: 'error_status',
  },
  {
    title: 'c.html',
    build: work((c) => c.html('<p>internal</p>')),
    status: 500,
    code: 'wrong_type',
    secret: 'internal',
  },
  {
    title: 'a page of hono/html',
    build: work((c) => c.html(html`<p>${Promise.resolve('internal')}</p>`)),
    status: 500,
    code: 'wrong_type',
    secret: 'internal',
  },
  {
    title: 'c.redirect',
    build: work((c) => c.redirect('/elsewhere')),
    status: 302,
    code: 'late_redirect',
  },
  {
    title: '304',
    build: work((c) => c.body(null, 304)),
    status: 304,
    code: 'late_redirect',
  },
  {
    title: 'HTTPException',
    build: throwing(() => new HTTPException(401, { message: 'no entry' })),
    status: 401,
    code: 'error_status',
  },
  {
    title: 'HTTPException with a Response',
    build: throwing(
      () => new HTTPException(409, { res: Response.json({ busy: true }, { status: 409 }) }),
    ),
    status: 409,
    code: 'error_status',
    error: { busy: true },
  },
  {
    title: 'thrown Error',
    build: throwing(() => new Error('internal')),
    status: 500,
    secret: 'internal',
  },
  {
    title: 'thrown string',
    build: throwing(() => 'internal'),
    status: 500,
    secret: 'internal',
  },
  {
    title: 'thrown undefined',
    build: throwing(() => undefined),
    status: 500,
  },
  {
    title: 'Error that app.onError answers',
    build(app) {
      throwing(() => new Error('why'))(app);
      app.onError((error, c) => c.json({ told: error.message }, 418));
    },
    status: 418,
    code: 'error_status',
    error: { told: 'why' },
  },
  {
    title: 'Error that app.onError throws again',
    build(app) {
      throwing(() => new Error('internal'))(app);
      app.onError((error) => {
        throw error;
      });
    },
    status: 500,
    secret: 'internal',
  },
  {
    title: 'Error in a sub-app with its own onError',
    build(app) {
      const sub = new Hono();
      sub.get('/', () => {
        throw new Error('why');
      });
      sub.onError((error, c) => c.json({ sub: error.message }, 400));
      app.onError((_error, c) => c.json({ root: true }, 500));
      app.route('/work', sub);
    },
    status: 400,
    error: { sub: 'why' },
  },
  {
    title: 'Error in a sub-app without one',
    build(app) {
      const sub = new Hono();
      sub.get('/', () => {
        throw new Error('why');
      });
      app.onError((_error, c) => c.json({ root: true }, 500));
      app.route('/work', sub);
    },
    status: 500,
    error: { root: true },
  },
  {
    title: 'not found',
    build: () => {},
    status: 404,
    code: 'error_status',
  },
  {
    title: 'not found that app.notFound answers',
    build: (app) => void app.notFound((c) => c.json({ lost: c.req.path }, 404)),
    status: 404,
    error: { lost: '/work' },
  },
  {
    title: 'c.notFound()',
    build(app) {
      work((c) => c.notFound() as Response)(app);
      app.notFound(async (c) => c.json({ lost: true }, 404));
    },
    status: 404,
    error: { lost: true },
  },
  {
    title: 'handler that gives nothing',
    build: work(() => undefined as unknown as Response),
    status: 500,
  },
  {
    title: 'body that fails before its first byte',
    build: work(
      () =>
        new Response(new ReadableStream({ pull: () => Promise.reject(new Error('internal')) }), {
          headers: { 'Content-Type': 'application/json' },
        }),
    ),
    status: 500,
    secret: '"internal"',
    destroyed: true,
  },
];

/** Held by the time the handler or whatever else stands there is reached. */
function heldApp(build: Build, outcomes: LateOutcome[] = []): Hono {
  const app = new Hono();
  app.use(
    holdOpen({ ...QUICK, format: 'json', onLateOutcome: (outcome) => outcomes.push(outcome) }),
  );
  app.use(async (c, next) => {
    await held(c);
    await next();
  });
  build(app);
  return app;
}

export function describeAnswers(way: Way): void {
  const askWork = (build: Build, outcomes?: LateOutcome[]): Promise<Reply> =>
    ask(way, heldApp(build, outcomes), { path: '/work' });

  describe('what a handler answers after the commit', () => {
    // Hono writes what nobody handled to the console.
    beforeEach(() => {
      const spy = vi.spyOn(console, 'error').mockImplementation(() => {});
      return () => spy.mockRestore();
    });

    test.each(SUCCESSES)('$title arrives with its status', async (success) => {
      const reply = await askWork(work(success.answer));
      expect(reply).toMatchObject({ status: 200, ended: 'complete' });
      expect(reply.headers).toMatchObject({
        'content-type': 'application/json',
        'cache-control': 'no-store, no-transform',
        holdopen: 'interval=60, format=json',
      });
      const { beats, lateHead, payload } = readHeldJson(reply.body);
      expect(beats).toBeGreaterThan(0);
      expect(payload).toBe(success.payload);
      const headers = success.headers ?? [];
      if (success.status === 200) expect(lateHead).toBeUndefined();
      else expect(lateHead).toEqual({ status: success.status, headers });
    });

    test.each(FAILURES)('a late failure is no success: $title', async (failure) => {
      const outcomes: LateOutcome[] = [];
      const reply = await askWork(failure.build, outcomes);
      expect(reply).toMatchObject({ status: 200, ended: 'cut' });
      expect(anyPrefixParses(reply.body)).toBe(false);
      const { lateHead, payload } = readHeldJson(reply.body);
      if (failure.destroyed !== true || payload !== '') {
        expect(lateHead?.status).toBe(failure.status);
        expect(JSON.parse(`${payload}}`)).toMatchObject(
          failure.error ?? { completion_status: failure.status },
        );
      }
      if (failure.secret !== undefined) expect(reply.body).not.toContain(failure.secret);
      expect(outcomes).toMatchObject([{ ok: false, status: failure.status }]);
      if (failure.code !== undefined) expect(outcomes).toMatchObject([{ code: failure.code }]);
    });

    test('HEAD and OPTIONS are never held', async () => {
      const app = new Hono();
      const states: string[] = [];
      app.use(holdOpen({ ...QUICK, format: 'json' }));
      app.on(['GET', 'OPTIONS'], '/work', async (c) => {
        const hold = c.get('holdOpen');
        await vi.waitFor(() => expect(hold.state).toBe('untouched'));
        states.push(hold.state);
        return c.json(1);
      });
      for (const method of ['HEAD', 'OPTIONS']) {
        const reply = await ask(way, app, { method, path: '/work' });
        expect(reply.status).toBe(200);
        expect(reply.headers).not.toHaveProperty('holdopen');
        expect(reply.body).toBe(method === 'HEAD' ? '' : '1');
      }
      expect(states).toEqual(['untouched', 'untouched']);
    });
  });
}
