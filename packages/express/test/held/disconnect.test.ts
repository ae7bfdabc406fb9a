import { setTimeout as sleep } from 'node:timers/promises';
import type { ErrorRequestHandler, Request } from 'express';
import { describe, expect, test } from 'vitest';
import { HoldOpenError, holdOpen, registry } from '../../src/index.js';
import {
  type ExpressModule,
  heldApp,
  post,
  QUICK,
  requestText,
  serve,
  until,
  VERSIONS,
} from '../support/index.js';

describe.each(VERSIONS)('in $name', ({ express }) => {
  test.each([
    ['while it is held', QUICK, 'held'],
    ['before the first beat', { firstBeatMs: 60_000 }, 'waiting'],
  ] as const)(
    'the signal stops the work when the client leaves %s',
    async (_when, options, state) => {
      const work = abortable(express, options);
      const client = await (await serve(work.app)).connect();
      client.send(requestText({ method: 'POST', path: '/work' }));
      await until('the work goes on', () => work.request()?.holdOpen?.state === state);
      expect(work.stopped).toEqual([]);
      client.socket.destroy();
      await until('the work has stopped', () => work.stopped.length > 0);
      const [error] = work.stopped as [Error];
      expect(error.name).toBe('AbortError');
      expect(error.cause).toBeInstanceOf(HoldOpenError);
      expect(error.cause).toMatchObject({ code: 'HOLDOPEN_DISCONNECTED' });
      expect(registry.size).toBe(0);
    },
  );

  test('the signal of an answer that was sent does not fire when the connection closes', async () => {
    const work = abortable(express, QUICK, 10);
    const client = await (await serve(work.app)).connect();
    client.send(requestText({ method: 'POST', path: '/work' }));
    await client.response();
    client.socket.destroy();
    const request = work.request();
    await until('the connection has closed', () => request?.socket.destroyed === true);
    expect(request?.holdOpen?.signal.aborted).toBe(false);
    expect(work.stopped).toEqual([]);
  });

  test("with onDisconnect: 'continue' the work goes on", async () => {
    const work = abortable(express, { ...QUICK, onDisconnect: 'continue' }, 300);
    const client = await (await serve(work.app)).connect();
    client.send(requestText({ method: 'POST', path: '/work' }));
    await client.arrived('HoldOpen');
    client.socket.destroy();
    await until('the work is done', () => work.done() === 1);
    expect(work.stopped).toEqual([]);
  });

  test('a handler that answers after its client has left harms nobody', async () => {
    const errors: unknown[] = [];
    let left: Request | undefined;
    const held = heldApp(express, async (req, res) => {
      left = req;
      await until('the client has left', () => req.holdOpen?.state === 'gone');
      res.set('X-Late', '1').status(201).json({ nobody: 'reads this' });
    });
    const note: ErrorRequestHandler = (error, _req, _res, next) => {
      errors.push(error);
      next(error);
    };
    held.app.use(note);
    const served = await held.served();
    const client = await served.connect();
    client.send(requestText({ method: 'POST', path: '/work' }));
    await client.arrived('HoldOpen');
    client.socket.destroy();
    await until('it was answered', () => left?.res?.writableEnded === true);
    expect(errors).toEqual([]);
  });

  test('too long a silence is a late 504 and stops the work', async () => {
    const reasons: unknown[] = [];
    const held = heldApp(
      express,
      (req) => {
        req.holdOpen?.signal.addEventListener('abort', () => {
          reasons.push(req.holdOpen?.signal.reason);
        });
      },
      { maxSilenceMs: 250 },
    );
    const reply = await post(held);
    expect(reply.ended).toBe('cut');
    expect(JSON.parse(`${reply.body}}`)).toMatchObject({
      completion_status: 504,
      code: 'silence',
    });
    expect(reasons).toMatchObject([{ code: 'HOLDOPEN_SILENCE' }]);
  });
});

/** An app whose work is told to stop by its request's signal. */
function abortable(
  express: ExpressModule,
  options: Parameters<typeof holdOpen>[0],
  workMs = 60_000,
) {
  const stopped: unknown[] = [];
  let done = 0;
  let request: Request | undefined;
  const app = express();
  app.set('env', 'test');
  app.post('/work', holdOpen(options), (req, res, next) => {
    request = req;
    const signal = req.holdOpen?.signal;
    if (signal === undefined) throw new Error('there is no hold');
    sleep(workMs, undefined, { signal }).then(
      () => {
        done += 1;
        res.json({ done });
      },
      (error: unknown) => {
        stopped.push(error);
        next(error);
      },
    );
  });
  return { app, stopped, done: () => done, request: () => request };
}
