import cookie from '@fastify/cookie';
import session from '@fastify/session';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { describe, expect, test } from 'vitest';
import { ask } from '../../node/test/held/support/ask.js';
import { readHeldJson } from '../../node/test/held/support/payload.js';
import { until } from '../../node/test/held/support/wait.js';
import { warnings } from '../../node/test/held/support/warnings.js';
import { holdOpen } from '../src/index.js';
import { held } from './support/held.js';
import { QUICK, serve, serveHeld } from './support/serve.js';

type Work = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

describe('@fastify/cookie', () => {
  const served = (path: string, before: Work, after: Work = async () => {}) =>
    serveHeld(async (app) => {
      await app.register(cookie, { secret: 'a secret' });
      app.get(path, async (request, reply) => {
        await before(request, reply);
        await held(request);
        await after(request, reply);
        return { done: true };
      });
    });

  test('cookies that were set before the commit are on the held head, as they would be', async () => {
    const dropped = warnings('HOLDOPEN_COOKIE_DROPPED');
    const set: Work = async (_request, reply) => {
      reply.header('set-cookie', 'by-hand=0');
      reply.setCookie('one', 'ä 1', { path: '/', httpOnly: true, maxAge: 60 });
      reply.setCookie('two', '2', { signed: true });
      reply.clearCookie('three');
    };
    const plain = await serve(async (app) => {
      await app.register(cookie, { secret: 'a secret' });
      app.get('/', async (request, reply) => {
        await set(request, reply);
        return { done: true };
      });
    });
    const expected = (await ask(plain)).headers['set-cookie'];
    expect(expected).toMatch(/^by-hand=0, one=.*HttpOnly.*two=2\..*three=;/);
    const reply = await ask(await served('/', set));
    expect(reply.headers['set-cookie']).toBe(expected);
    expect(readHeldJson(reply.body)).toMatchObject({ payload: '{"done":true}' });
    expect(dropped).toEqual([]);
  });

  test('a cookie that is set after the commit is dropped, with one warning for its route', async () => {
    const dropped = warnings('HOLDOPEN_COOKIE_DROPPED');
    const server = await served(
      '/users/:id',
      async (_request, reply) => void reply.setCookie('early', '1'),
      async (_request, reply) => void reply.setCookie('late', '2'),
    );
    const reply = await ask(server, { path: '/users/1' });
    await ask(server, { path: '/users/2' });
    expect(reply.headers['set-cookie']).toMatch(/^early=1/);
    expect(reply.headers['set-cookie']).not.toContain('late');
    expect(readHeldJson(reply.body)).toMatchObject({ lateHead: undefined });
    await until('it is warned of', () => dropped.length > 0);
    expect(dropped.map(({ message }) => message)).toEqual([
      expect.stringContaining('GET /users/:id set a cookie after the head had been sent'),
    ]);
  });

  test('a reply that passes untouched has each cookie once', async () => {
    const server = await serve(async (app) => {
      await app.register(holdOpen, QUICK);
      await app.register(cookie);
      app.get('/', async (_request, reply) => {
        reply.setCookie('one', '1');
        await new Promise((resolve) => setTimeout(resolve, 4 * QUICK.firstBeatMs));
        return {};
      });
    });
    const { headers } = await ask(server, { headers: { Accept: '*/*' } });
    expect(headers['set-cookie']).toBe('one=1; SameSite=Lax');
  });
});

describe('@fastify/session', () => {
  const SESSION = { secret: 'a secret that is long enough for it', cookie: { secure: false } };
  const sessions = async (app: FastifyInstance): Promise<Map<string, unknown>> => {
    const kept = new Map<string, unknown>();
    await app.register(cookie);
    await app.register(session, {
      ...SESSION,
      saveUninitialized: false,
      rolling: false,
      store: {
        set: (id, value, done) => {
          kept.set(id, JSON.parse(JSON.stringify(value)));
          done();
        },
        get: (id, done) => done(null, (kept.get(id) ?? null) as never),
        destroy: (id, done) => {
          kept.delete(id);
          done();
        },
      },
    });
    return kept;
  };

  const visit = async (
    handler: (request: FastifyRequest, reply: FastifyReply) => Promise<void>,
    path = '/',
  ) => {
    let kept = new Map<string, unknown>();
    const served = await serveHeld(async (app) => {
      kept = await sessions(app);
      app.get(path, async (request, reply) => {
        await handler(request, reply);
        return { visits: Reflect.get(request.session, 'visits') };
      });
    });
    return { served, kept };
  };

  const count = async (request: FastifyRequest): Promise<void> => {
    const before = Number(Reflect.get(request.session, 'visits') ?? 0);
    Reflect.set(request.session, 'visits', before + 1);
    await held(request);
    Reflect.set(request.session, 'visits', before + 2);
  };

  test('what a held handler puts into a session is saved', async () => {
    const { served, kept } = await visit(count);
    expect(readHeldJson((await ask(served)).body).payload).toBe('{"visits":2}');
    expect([...kept.values()]).toMatchObject([{ visits: 2 }]);
  });

  test('the cookie of a session that begins in a held request comes too late, and is warned of', async () => {
    const dropped = warnings('HOLDOPEN_COOKIE_DROPPED');
    const { served } = await visit(count, '/begins');
    const reply = await ask(served, { path: '/begins' });
    expect(reply.headers).not.toHaveProperty('set-cookie');
    expect(readHeldJson(reply.body).lateHead).toBeUndefined();
    await until('it is warned of', () => dropped.length === 1);
  });

  test('a handler that sends the cookie itself before it works keeps its session', async () => {
    const { served, kept } = await visit(async (request, reply) => {
      if (!request.session.isSaved()) {
        await request.session.save();
        reply.setCookie('sessionId', request.session.encryptedSessionId, { path: '/' });
      }
      await count(request);
    });
    const first = await ask(served);
    const sent = first.headers['set-cookie']?.split(';')[0] ?? '';
    expect(sent).toMatch(/^sessionId=/);
    const second = await ask(served, { headers: { Cookie: sent } });
    expect(readHeldJson(second.body).payload).toBe('{"visits":4}');
    expect(kept.size).toBe(1);
  });
});
