import { AsyncLocalStorage } from 'node:async_hooks';
import type { Request } from 'express';
import { describe, expect, test } from 'vitest';
import { type ExpressHoldOpenOptions, holdOpen } from '../../src/index.js';
import { ask, held, QUICK, readHeldJson, serve, until, VERSIONS } from '../support/index.js';

describe.each(VERSIONS)('in $name', ({ express }) => {
  test('hooks see the request’s async context, res.locals and what Express knows of it', async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen = new Map<string, Set<unknown>>();
    const note = (hook: string, req: Request): void => {
      const facts = [storage.getStore(), req.res?.locals.user, req.params.id, req.query.q];
      const known = seen.get(hook) ?? new Set();
      seen.set(hook, known.add(facts.join(' ')));
    };
    const options: ExpressHoldOpenOptions = {
      ...QUICK,
      format: (req) => {
        note('format', req);
        return 'json';
      },
      onBeat: (_hold, req) => note('onBeat', req),
      onLateOutcome: (_outcome, req) => note('onLateOutcome', req),
      lateError: (outcome, req) => {
        note('lateError', req);
        return { jsonrpc: '2.0', id: req.params.id, error: { code: outcome.status } };
      },
    };
    const app = express();
    app.use((req, _res, next) => storage.run(`store-${String(req.query.q)}`, next));
    app.use((req, res, next) => {
      res.locals.user = `user-${String(req.query.q)}`;
      next();
    });
    app.get('/rpc/:id', holdOpen(options), async (req, res) => {
      await held(req);
      res.status(409).json({ why: 'busy' });
    });
    const served = await serve(app);
    const names = ['a', 'b', 'c'];
    const replies = await Promise.all(names.map((q) => ask(served, { path: `/rpc/${q}7?q=${q}` })));
    const expected = new Set(names.map((q) => `store-${q} user-${q} ${q}7 ${q}`));
    for (const hook of ['format', 'onBeat', 'onLateOutcome', 'lateError']) {
      expect({ [hook]: seen.get(hook) }).toEqual({ [hook]: expected });
    }
    for (const [i, reply] of replies.entries()) {
      expect(reply.ended).toBe('complete');
      expect(JSON.parse(reply.body)).toEqual({
        jsonrpc: '2.0',
        id: `${names[i]}7`,
        error: { code: 409 },
      });
    }
  });

  test('the handler and its errors keep their async context after the commit', async () => {
    const storage = new AsyncLocalStorage<number>();
    const stores: unknown[] = [];
    const app = express();
    app.set('env', 'test');
    app.use((_req, _res, next) => storage.run(42, next));
    app.get('/', holdOpen(QUICK), (req, res, next) => {
      void held(req).then(() => {
        stores.push(storage.getStore());
        res.on('finish', () => stores.push(storage.getStore()));
        next(new Error('late'));
      });
    });
    const reply = await ask(await serve(app));
    expect(readHeldJson(reply.body).lateHead?.status).toBe(500);
    await until('the response is finished', () => stores.length === 2);
    expect(stores).toEqual([42, 42]);
  });

  test('a hook that throws or rejects is reported and harms no response', async () => {
    const app = express();
    const options = { ...QUICK, onBeat: () => Promise.reject(new Error('a hook')) };
    app.get('/', holdOpen(options), async (req, res) => {
      await held(req);
      res.json({ fine: true });
    });
    const reported: unknown[] = [];
    const { error } = console;
    console.error = (...args: unknown[]) => void reported.push(args[0]);
    try {
      const reply = await ask(await serve(app));
      expect(readHeldJson(reply.body).payload).toBe('{"fine":true}');
      await until('it is reported', () => reported.length > 0);
    } finally {
      console.error = error;
    }
    expect(reported[0]).toContain('onBeat failed');
  });

  test('req.holdOpen is the same for all that see the request, and says how it goes', async () => {
    const states: unknown[] = [];
    const app = express();
    app.get(
      '/',
      holdOpen(QUICK),
      (req, res, next) => {
        const { holdOpen: hold } = req;
        states.push(hold?.state);
        res.on('finish', () => states.push(hold?.state, hold === req.holdOpen));
        next();
      },
      async (req, res) => {
        await held(req);
        states.push(req.holdOpen?.state);
        req.holdOpen?.touch();
        res.json({ id: req.holdOpen?.id });
      },
    );
    const reply = await ask(await serve(app));
    expect(JSON.parse(reply.body)).toEqual({ id: expect.stringMatching(/^\w+-\w+$/) });
    await until('the response is finished', () => states.length === 4);
    expect(states).toEqual(['waiting', 'held', 'complete', true]);
  });
});
