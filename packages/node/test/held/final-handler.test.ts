import express, { type NextFunction, type Request, type Response } from 'express';
import finalhandler from 'finalhandler';
import { describe, expect, test } from 'vitest';
import { holdOpen, type LateOutcome } from '../../src/index.js';
import { ask } from './support/ask.js';
import { readHeldJson } from './support/payload.js';
import { QUICK, serve, serveHeld } from './support/serve.js';
import { held, until } from './support/wait.js';

test('the final handler answers after the commit and does not destroy the socket', async () => {
  let destroyed: boolean | undefined;
  const served = await serveHeld(async (req, res) => {
    await held(req);
    finalhandler(req, res, { onerror() {} })(Object.assign(new Error('boom'), { status: 503 }));
    destroyed = req.socket.destroyed;
  });
  const reply = await ask(served);
  expect(destroyed).toBe(false);
  expect(reply.ended).toBe('cut');
  expect(reply.error).toBeUndefined();
  expect(readHeldJson(reply.body).lateHead).toEqual({ status: 503, headers: [] });
  expect(JSON.parse(`${reply.body}}`)).toMatchObject({
    completion_status: 503,
    code: 'error_status',
  });
});

test('the final handler’s 404 for a route that nobody has is a late 404', async () => {
  const served = await serveHeld(async (req, res) => {
    await held(req);
    finalhandler(req, res)();
  });
  const reply = await ask(served, { path: '/nowhere' });
  expect(readHeldJson(reply.body).lateHead?.status).toBe(404);
  expect(JSON.parse(`${reply.body}}`)).toMatchObject({
    completion_status: 404,
    content_type: 'text/html; charset=utf-8',
  });
});

describe('in Express', () => {
  function app(handler: (req: Request, res: Response, next: NextFunction) => unknown) {
    const outcomes: LateOutcome[] = [];
    const router = express();
    router.set('env', 'test');
    const onLateOutcome = (outcome: LateOutcome): void => void outcomes.push(outcome);
    router.post('/work', holdOpen({ ...QUICK, onLateOutcome }), handler);
    return { router, outcomes };
  }

  test('an error that is thrown late keeps its status', async () => {
    const { router, outcomes } = app(async (req) => {
      await held(req);
      throw Object.assign(new Error('no'), { status: 422 });
    });
    const reply = await ask(await serve(router), { method: 'POST', path: '/work' });
    expect(reply.ended).toBe('cut');
    expect(readHeldJson(reply.body).lateHead?.status).toBe(422);
    await until('the outcome is told', () => outcomes.length > 0);
    expect(outcomes).toMatchObject([{ ok: false, status: 422, code: 'error_status' }]);
  });

  test('an error handler that asks headersSent answers as it would early', async () => {
    const { router } = app(async (req) => {
      await held(req);
      throw new Error('no');
    });
    router.use((error: Error, _req: Request, res: Response, next: NextFunction) => {
      if (res.headersSent) next(error);
      else res.status(500).json({ message: 'told by the error handler' });
    });
    const reply = await ask(await serve(router), { method: 'POST', path: '/work' });
    expect(JSON.parse(`${reply.body}}`)).toEqual({ message: 'told by the error handler' });
  });

  test('a redirect, a status alone and an empty answer come late', async () => {
    const { router } = app(async (req, res) => {
      await held(req);
      if (req.query.how === 'redirect') res.redirect('/elsewhere');
      else if (req.query.how === 'status') res.sendStatus(204);
      else res.status(201).location('/7').json({ id: 7 });
    });
    const served = await serve(router);
    const post = (how: string) => ask(served, { method: 'POST', path: `/work?how=${how}` });
    const redirect = await post('redirect');
    expect(redirect.ended).toBe('cut');
    expect(readHeldJson(redirect.body).lateHead).toEqual({
      status: 302,
      headers: [['location', '/elsewhere']],
    });
    const status = readHeldJson((await post('status')).body);
    expect(status).toMatchObject({ lateHead: { status: 204 }, payload: 'null' });
    const created = readHeldJson((await post('created')).body);
    expect(created).toMatchObject({
      lateHead: { status: 201, headers: [['location', '/7']] },
      payload: '{"id":7}',
    });
  });

  test('it is held on a route for a client that accepts everything, and globally not', async () => {
    const whole = express();
    whole.use(holdOpen(QUICK));
    whole.get('/', async (_req, res) => {
      await new Promise((resolve) => setTimeout(resolve, 150));
      res.json({});
    });
    const everything = { Accept: 'application/json, text/plain, */*' };
    const passing = await ask(await serve(whole), { headers: everything });
    expect(passing.headers).not.toHaveProperty('holdopen');
    expect(passing.body).toBe('{}');

    const { router } = app(async (_req, res) => {
      await new Promise((resolve) => setTimeout(resolve, 150));
      res.json({});
    });
    const question = { method: 'POST', path: '/work', headers: everything };
    expect((await ask(await serve(router), question)).headers).toHaveProperty('holdopen');
  });
});
