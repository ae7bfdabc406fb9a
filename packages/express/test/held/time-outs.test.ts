import type { ErrorRequestHandler, RequestHandler } from 'express';
import { describe, expect, test } from 'vitest';
import { holdOpen } from '../../src/index.js';
import {
  ask,
  type ExpressModule,
  held,
  QUICK,
  readHeldJson,
  serve,
  until,
  VERSIONS,
} from '../support/index.js';

/** As connect-timeout: after a while the request has failed, whatever its handler does. */
function timeout(ms: number): RequestHandler {
  return (req, res, next) => {
    const timer = setTimeout(() => {
      Object.assign(req, { timedout: true });
      next(Object.assign(new Error('Response timeout'), { status: 503, code: 'ETIMEDOUT' }));
    }, ms);
    res.on('finish', () => clearTimeout(timer));
    res.on('close', () => clearTimeout(timer));
    next();
  };
}

describe.each(VERSIONS)('in $name', ({ express }) => {
  test('a time-out before the first beat is a plain 503', async () => {
    const app = timed(express, 30, { firstBeatMs: 60_000 });
    const reply = await ask(await serve(app.app));
    expect(reply.status).toBe(503);
    expect(reply.headers).not.toHaveProperty('holdopen');
  });

  test('a time-out after the commit is a late 503, and a second answer meets the error that it meets without holdopen', async () => {
    const app = timed(express, 150, QUICK);
    const reply = await ask(await serve(app.app));
    expect(reply.ended).toBe('cut');
    expect(readHeldJson(reply.body).lateHead?.status).toBe(503);
    expect(JSON.parse(`${reply.body}}`)).toMatchObject({ completion_status: 503 });
    const bare = timed(express, 30, { intervalMs: false });
    expect((await ask(await serve(bare.app))).status).toBe(503);
    for (const { answerNow, answered } of [app, bare]) {
      answerNow();
      expect(answered).toMatchObject([{ code: 'ERR_HTTP_HEADERS_SENT' }]);
    }
  });

  test('a time-out that the app answers itself keeps its body', async () => {
    const app = timed(express, 150, { ...QUICK, lateError: 'body' });
    const answer: ErrorRequestHandler = (error, _req, res, _next) => {
      res.status((error as { status: number }).status).json({ error: 'too slow' });
    };
    app.app.use(answer);
    const reply = await ask(await serve(app.app));
    expect(reply.ended).toBe('complete');
    expect(readHeldJson(reply.body).lateHead?.status).toBe(503);
    expect(JSON.parse(reply.body)).toEqual({ error: 'too slow' });
  });

  test('req.setTimeout and res.setTimeout of the handler are not touched', async () => {
    const fired: string[] = [];
    const app = express();
    app.get('/', holdOpen({ firstBeatMs: 20, intervalMs: 5_000 }), async (req, res) => {
      res.setTimeout(200, () => {
        fired.push('res');
        res.status(504).json({ by: 'its own time-out' });
      });
      await held(req);
    });
    const reply = await ask(await serve(app));
    expect(fired).toEqual(['res']);
    expect(readHeldJson(reply.body).lateHead?.status).toBe(504);
  });

  test('a server’s timeout counts beats as traffic, and ends what has none yet', async () => {
    const texts: string[] = [];
    for (const options of [QUICK, { firstBeatMs: 60_000 }]) {
      const app = express();
      app.get('/', holdOpen(options), (_req, res) => {
        setTimeout(() => res.json({ done: true }), 1_500);
      });
      const served = await serve(app);
      Object.assign(served.server, { timeout: 500 });
      const client = await served.connect();
      client.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
      await client.close();
      texts.push(client.text);
    }
    expect(texts[0]).toMatch(/\{"done":true\}\r\n0\r\n\r\n$/);
    expect(texts[1]).toBe('');
  });

  test('a server’s keepAliveTimeout and requestTimeout do not end a hold', async () => {
    const app = express();
    let release = false;
    app.post('/', holdOpen(QUICK), async (_req, res) => {
      await until('the test is done', () => release);
      res.json({ held: true });
    });
    const served = await serve(app);
    Object.assign(served.server, { keepAliveTimeout: 50, requestTimeout: 100, timeout: 0 });
    const pending = ask(served, { method: 'POST' });
    setTimeout(() => {
      release = true;
    }, 500);
    const reply = await pending;
    expect(reply.ended).toBe('complete');
    expect(readHeldJson(reply.body)).toMatchObject({ payload: '{"held":true}' });
  });
});

function timed(express: ExpressModule, ms: number, options: Parameters<typeof holdOpen>[0]) {
  let answerNow = (): void => {};
  const answered: unknown[] = [];
  const app = express();
  app.set('env', 'test');
  app.use(timeout(ms));
  app.get('/', holdOpen(options), (_req, res) => {
    answerNow = () => {
      try {
        res.set('X-Late', 'yes').status(200).json({ done: true });
      } catch (error) {
        answered.push(error);
      }
    };
  });
  return { app, answered, answerNow: () => answerNow() };
}
