import type { RequestHandler } from 'express';
import session, { MemoryStore } from 'express-session';
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
  warnings,
} from '../support/index.js';

declare module 'express-session' {
  interface SessionData {
    visits: number;
  }
}

describe.each(VERSIONS)('in $name', ({ express, major }) => {
  describe.each(['before', 'after'] as const)('with the session mounted %s holdopen', (where) => {
    test('a quick answer has its cookie', async () => {
      const { served } = await sessionApp(express, where, (req, res) => {
        req.session.visits = 1;
        res.json({ done: true });
      });
      const reply = await ask(served);
      expect(reply.headers['set-cookie']).toMatch(/^connect\.sid=/);
      expect(reply.headers).not.toHaveProperty('holdopen');
    });

    test('a session that was begun before the commit has its cookie on the held head', async () => {
      const { served, saved } = await sessionApp(express, where, async (req, res) => {
        req.session.visits = 1;
        await held(req);
        req.session.visits = 2;
        res.json({ done: true });
      });
      const reply = await ask(served);
      expect(reply.headers).toHaveProperty('holdopen');
      expect(reply.headers['set-cookie']).toMatch(/^connect\.sid=/);
      expect(reply.ended).toBe('complete');
      expect(readHeldJson(reply.body)).toMatchObject({ lateHead: undefined });
      // What was changed after the head had left is saved all the same.
      await until('it is saved', () => saved()[0]?.visits === 2);
      const cookie = reply.headers['set-cookie']?.split(';')[0] ?? '';
      await ask(served, { headers: { Cookie: cookie } });
      expect(saved()).toHaveLength(1);
    });

    test('a session that was begun after the commit is saved; its cookie is dropped, with a warning', async () => {
      const warned = warnings('HOLDOPEN_COOKIE_DROPPED');
      const path = `/late-${major}-${where}`;
      const { served, saved } = await sessionApp(express, where, async (req, res) => {
        await held(req);
        req.session.visits = 1;
        res.cookie('own', 'cookie').json({ done: true });
      });
      const reply = await ask(served, { path });
      expect(reply.headers).not.toHaveProperty('set-cookie');
      expect(readHeldJson(reply.body).payload).toBe('{"done":true}');
      expect(reply.ended).toBe('complete');
      await until('it is saved', () => saved().length === 1);
      await until('it is warned of', () => warned.length > 0);
      expect(warned[0]?.message).toContain(path);
      await ask(served, { path });
      expect(warned).toHaveLength(1);
    });

    test('a late failure saves the session too', async () => {
      const { served, saved } = await sessionApp(express, where, async (req, res) => {
        req.session.visits = 1;
        await held(req);
        res.status(422).json({ why: 'late' });
      });
      const reply = await ask(served);
      expect(reply.ended).toBe('cut');
      expect(JSON.parse(`${reply.body}}`)).toEqual({ why: 'late' });
      await until('it is saved', () => saved().length === 1);
    });
  });

  test('a session that is destroyed after the commit is gone, and the redirect is told', async () => {
    const { served, saved } = await sessionApp(express, 'before', async (req, res, next) => {
      req.session.visits = 1;
      if (req.path === '/leave') {
        await held(req);
        req.session.destroy((error) => (error ? next(error) : res.redirect('/')));
      } else {
        res.json({});
      }
    });
    const cookie = (await ask(served)).headers['set-cookie']?.split(';')[0] ?? '';
    await until('it is saved', () => saved().length === 1);
    const reply = await ask(served, { path: '/leave', headers: { Cookie: cookie } });
    expect(readHeldJson(reply.body).lateHead).toEqual({
      status: 302,
      headers: [['location', '/']],
    });
    expect(saved()).toHaveLength(0);
  });
});

async function sessionApp(
  express: ExpressModule,
  where: 'before' | 'after',
  handler: RequestHandler,
) {
  const store = new MemoryStore();
  const keepSession = session({ secret: 's', resave: false, saveUninitialized: false, store });
  const keepOpen = holdOpen({ ...QUICK, format: 'json' });
  const app = express();
  if (where === 'before') app.use(keepSession, keepOpen);
  else app.use(keepOpen, keepSession);
  app.use(handler);
  const saved = (): { visits?: number }[] =>
    Object.values(Reflect.get(store, 'sessions') as Record<string, string>).map(
      (text) => JSON.parse(text) as { visits?: number },
    );
  return { served: await serve(app), saved };
}
