import type { ErrorRequestHandler, RequestHandler } from 'express';
import { describe, expect, test, vi } from 'vitest';
import { heldApp, post, readHeldJson, until, VERSIONS } from '../support/index.js';

/** As http-errors makes them. */
function httpError(status: number, message: string, more: object = {}): Error {
  return Object.assign(new Error(message), { status, statusCode: status, expose: true, ...more });
}

const answerWithMessage: ErrorRequestHandler = (error, _req, res, next) => {
  const { status = 500, message } = error as { status?: number; message: string };
  if (res.headersSent) next(error);
  else res.status(status).json({ message });
};

describe.each(VERSIONS)('in $name', ({ express, major }) => {
  const ways: [string, RequestHandler][] = [
    [
      'thrown',
      () => {
        throw httpError(422, 'no such model');
      },
    ],
    ['passed to next', (_req, _res, next) => next(httpError(422, 'no such model'))],
    [
      'passed to next later',
      (_req, _res, next) => void setImmediate(() => next(httpError(422, 'no such model'))),
    ],
  ];
  if (major === 5) {
    ways.push(['a rejection', () => Promise.reject(httpError(422, 'no such model'))]);
  }

  describe.each(ways)('an error that is %s after the commit', (_way, handler) => {
    test('is answered by the default handler as a problem with its true status, and cut', async () => {
      const held = heldApp(express, handler);
      const reply = await post(held);
      expect(reply.status).toBe(200);
      expect(reply.ended).toBe('cut');
      const { lateHead, payload } = readHeldJson(reply.body);
      expect(lateHead).toEqual({ status: 422, headers: [] });
      expect(JSON.parse(`${payload}}`)).toMatchObject({
        completion_status: 422,
        code: 'error_status',
        content_type: 'text/html; charset=utf-8',
      });
      await until('it is told', () => held.outcomes.length > 0);
      expect(held.outcomes).toMatchObject([{ ok: false, status: 422, code: 'error_status' }]);
    });

    test('is answered by the app’s own handler, which sees no head sent', async () => {
      const held = heldApp(express, handler);
      held.app.use(answerWithMessage);
      const reply = await post(held);
      expect(reply.ended).toBe('cut');
      const { lateHead, payload } = readHeldJson(reply.body);
      expect(lateHead?.status).toBe(422);
      expect(JSON.parse(`${payload}}`)).toEqual({ message: 'no such model' });
      await until('it is told', () => held.outcomes.length > 0);
      expect(held.outcomes).toMatchObject([{ body: { message: 'no such model' } }]);
    });

    test('goes out whole where lateError says so', async () => {
      const held = heldApp(express, handler, { lateError: 'body' });
      held.app.use(answerWithMessage);
      const reply = await post(held);
      expect(reply.ended).toBe('complete');
      expect(readHeldJson(reply.body).lateHead?.status).toBe(422);
      expect(JSON.parse(reply.body)).toEqual({ message: 'no such model' });
    });
  });

  test('headers that an error brings along travel late if they are listed', async () => {
    const headers = { 'Retry-After': '7', 'X-Why': 'busy' };
    const held = heldApp(express, (_req, _res, next) => next(httpError(503, 'busy', { headers })));
    const reply = await post(held);
    expect(readHeldJson(reply.body).lateHead).toEqual({
      status: 503,
      headers: [['retry-after', '7']],
    });
  });

  test('the default handler shows a stack to nobody in production', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {});
    const held = heldApp(express, (_req, _res, next) => next(new Error('secret')));
    held.app.set('env', 'production');
    const reply = await post(held);
    expect(reply.body).not.toContain('secret');
    expect(readHeldJson(reply.body).lateHead?.status).toBe(500);
    // Express says it to the console, holdopen does not say it again.
    expect(log).toHaveBeenCalledTimes(1);
    log.mockRestore();
  });

  test('a handler that answers and then fails leaves one answer, and the connection alone', async () => {
    const held = heldApp(express, (_req, res, next) => {
      res.json({ done: true });
      next(new Error('afterwards'));
    });
    const passed: unknown[] = [];
    const note: ErrorRequestHandler = (error, _req, res, _next) => {
      passed.push((error as Error).message, res.headersSent);
    };
    held.app.use(note);
    const reply = await post(held);
    expect(reply.ended).toBe('complete');
    expect(readHeldJson(reply.body)).toMatchObject({ payload: '{"done":true}' });
    expect(passed).toEqual(['afterwards', true]);
  });

  test('nobody answers: the 404 of the final handler is a late 404', async () => {
    const held = heldApp(express, (_req, _res, next) => next());
    const reply = await post(held);
    expect(reply.ended).toBe('cut');
    expect(readHeldJson(reply.body).lateHead?.status).toBe(404);
    expect(JSON.parse(`${reply.body}}`)).toMatchObject({ completion_status: 404 });
  });

  test('an error in the middle of a streamed document is cut', async () => {
    const held = heldApp(express, (_req, res, next) => {
      res.type('json').write('{"rows":[1,2');
      next(new Error('the database has gone'));
    });
    const reply = await post(held);
    expect(reply.ended).toBe('cut');
    expect(readHeldJson(reply.body).payload).toBe('{"rows":[1,2');
  });

  test('a setting that is wrong in a late head is the handler’s error', async () => {
    const held = heldApp(express, (_req, res) => {
      res.set('X-Bad', 'line\nbreak').json({});
    });
    held.app.use(answerWithMessage);
    const reply = await post(held);
    expect(reply.ended).toBe('cut');
    expect(JSON.parse(`${reply.body}}`)).toMatchObject({
      message: expect.stringContaining('Invalid character in header'),
    });
  });
});
