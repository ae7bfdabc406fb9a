import type { ServerResponse } from 'node:http';
import express, { type RequestHandler } from 'express';
import session, { MemoryStore } from 'express-session';
import onHeaders from 'on-headers';
import { expect, test } from 'vitest';
import { holdOpen } from '../../src/index.js';
import { ask } from './support/ask.js';
import { readHeldJson } from './support/payload.js';
import { QUICK, serve, serveHeld } from './support/serve.js';
import { held, until } from './support/wait.js';
import { warnings } from './support/warnings.js';

declare module 'express-session' {
  interface SessionData {
    visits: number;
  }
}

function sessionApp(handler: RequestHandler, sessionFirst = false) {
  const store = new MemoryStore();
  const app = express();
  const keepSession = session({ secret: 's', resave: false, saveUninitialized: false, store });
  const keepOpen = holdOpen({ ...QUICK, format: 'json' });
  if (sessionFirst) app.use(keepSession, keepOpen);
  else app.use(keepOpen, keepSession);
  app.get('/', handler);
  return { app, store };
}

function saved(store: MemoryStore): number {
  return Object.keys(Reflect.get(store, 'sessions') as object).length;
}

test.each([
  ['inside', false],
  ['outside', true],
])(
  'a session begun before the commit sends its cookie with the held head, mounted %s',
  async (_where, first) => {
    const { app, store } = sessionApp(async (req, res) => {
      req.session.visits = 1;
      await held(req);
      req.session.visits = 2;
      res.json({ done: true });
    }, first);
    const served = await serve(app);
    const reply = await ask(served);
    expect(reply.headers['set-cookie']).toMatch(/^connect\.sid=/);
    expect(reply.ended).toBe('complete');
    expect(readHeldJson(reply.body)).toMatchObject({
      lateHead: undefined,
      payload: '{"done":true}',
    });
    await until('the session is saved', () => saved(store) === 1);
    const [text] = Object.values(Reflect.get(store, 'sessions') as Record<string, string>);
    expect(JSON.parse(text ?? '')).toMatchObject({ visits: 2 });
  },
);

test('a session begun after the commit is saved, its cookie is not sent, and the body ends', async () => {
  const { app, store } = sessionApp(async (req, res) => {
    await held(req);
    req.session.visits = 1;
    res.json({ done: true });
  });
  const served = await serve(app);
  const reply = await ask(served);
  expect(reply.headers).not.toHaveProperty('set-cookie');
  expect(readHeldJson(reply.body).payload).toBe('{"done":true}');
  expect(reply.ended).toBe('complete');
  expect(saved(store)).toBe(1);
});

test('a late failure still saves the session', async () => {
  const { app, store } = sessionApp(async (req, res) => {
    req.session.visits = 1;
    await held(req);
    res.status(422).json({ why: 'late' });
  });
  const served = await serve(app);
  const reply = await ask(served);
  expect(JSON.parse(`${reply.body}}`)).toEqual({ why: 'late' });
  expect(reply.ended).toBe('cut');
  await until('the session is saved', () => saved(store) === 1);
});

test('a listener for the head runs once, at the commit, and its headers leave', async () => {
  const seen: unknown[] = [];
  const served = await serveHeld(async (req, res) => {
    onHeaders(res, function (this: ServerResponse) {
      seen.push(req.holdOpen?.state);
      this.setHeader('X-By-Listener', '1');
    });
    await held(req);
    res.setHeader('X-Late', '1');
    res.end('{}');
  });
  const reply = await ask(served);
  expect(seen).toEqual(['waiting']);
  expect(reply.headers['x-by-listener']).toBe('1');
  expect(readHeldJson(reply.body)).toMatchObject({ lateHead: undefined, payload: '{}' });
});

test('a listener that is registered after the commit runs with the late head', async () => {
  const warned = warnings('HOLDOPEN_COOKIE_DROPPED');
  const served = await serveHeld(async (req, res) => {
    await held(req);
    onHeaders(res, function (this: ServerResponse) {
      this.setHeader('Retry-After', '7');
      this.setHeader('Set-Cookie', 'late=1');
    });
    res.end('{}');
  });
  const reply = await ask(served, { path: '/late-listener' });
  expect(readHeldJson(reply.body).lateHead?.headers).toEqual([['retry-after', '7']]);
  await until('the cookie is warned of', () => warned.length === 1);
});
