import type { RequestHandler } from 'express';
import { describe, expect, test } from 'vitest';
import { holdOpen } from '../../src/index.js';
import { ask, held, QUICK, serve, until, VERSIONS } from '../support/index.js';

/** As morgan writes a line, at the end of the response: only of a head that was sent. */
function logger(lines: string[]): RequestHandler {
  return (req, res, next) => {
    const start = performance.now();
    let told = false;
    const tell = (): void => {
      if (told) return;
      told = true;
      const status = res.headersSent ? String(res.statusCode) : '-';
      const took = performance.now() - start > 0;
      lines.push(`${req.method} ${req.originalUrl} ${status} ${took}`);
    };
    res.on('finish', tell);
    res.on('close', tell);
    next();
  };
}

describe.each(VERSIONS)('in $name', ({ express, major }) => {
  const answers: [string, number, RequestHandler][] = [
    ['an answer', 200, (_req, res) => void res.json({})],
    ['201', 201, (_req, res) => void res.status(201).json({})],
    ['204', 204, (_req, res) => void res.sendStatus(204)],
    ['a redirect', 302, (_req, res) => res.redirect('/elsewhere')],
    ['a refusal', 403, (_req, res) => void res.status(403).json({ why: 'no' })],
    ['nothing', 404, (_req, _res, next) => next()],
    ['an error', 503, (_req, _res, next) => next(Object.assign(new Error('x'), { status: 503 }))],
    [
      'a throw',
      500,
      () => {
        throw new Error('thrown');
      },
    ],
  ];

  describe.each(['before', 'after'] as const)('a logger mounted %s holdopen', (where) => {
    test.each(answers)(
      'sees the true status of %s after the commit: %i',
      async (_what, status, answer) => {
        const lines: string[] = [];
        const app = express();
        app.set('env', 'test');
        const keepOpen = holdOpen({ ...QUICK, format: 'json' });
        if (where === 'before') app.use(logger(lines), keepOpen);
        else app.use(keepOpen, logger(lines));
        app.post('/work', (req, res, next) => {
          held(req)
            .then(() => answer(req, res, next) as undefined)
            .catch(next);
        });
        const reply = await ask(await serve(app), { method: 'POST', path: '/work?x=1' });
        expect(reply.headers).toHaveProperty('holdopen');
        await until('the line is written', () => lines.length > 0);
        expect(lines).toEqual([`POST /work?x=1 ${status} true`]);
      },
    );
  });

  test('a client that leaves is logged once, without a status, as without holdopen', async () => {
    const lines: string[] = [];
    const app = express();
    app.use(logger(lines));
    app.get('/', holdOpen(QUICK), () => {});
    const client = await (await serve(app)).connect();
    client.send('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await client.arrived('HoldOpen');
    client.socket.destroy();
    await until('the line is written', () => lines.length > 0);
    expect(lines).toEqual(['GET / - true']);
  });

  test('an answer that never came is logged as the 504 that its client was told', async () => {
    const lines: string[] = [];
    const app = express();
    app.use(logger(lines));
    app.get('/', holdOpen({ ...QUICK, maxSilenceMs: 150 }), () => {});
    await ask(await serve(app));
    await until('the line is written', () => lines.length > 0);
    expect(lines).toEqual(['GET / 504 true']);
  });

  test('finish and close come once each, in this order, also for an answer that is cut', async () => {
    const events: string[] = [];
    const app = express();
    app.set('env', 'test');
    app.get('/', holdOpen(QUICK), (req, res, next) => {
      for (const event of ['finish', 'close']) res.on(event, () => events.push(event));
      held(req).then(() => next(new Error('late')), next);
    });
    await ask(await serve(app));
    await until('the response has closed', () => events.includes('close'));
    expect(events).toEqual(['finish', 'close']);
  });

  test(`the route in the warnings is Express’s own, with its router’s path (${major})`, async () => {
    const lines: string[] = [];
    const note = (warning: Error): void => void lines.push(warning.message);
    process.on('warning', note);
    const app = express();
    app.use(holdOpen(QUICK));
    const router = express.Router();
    router.get(`/users/:id/${major}`, (_req, res) => void setTimeout(() => res.json({}), 120));
    app.use('/api', router);
    await ask(await serve(app), { path: `/api/users/7/${major}` });
    await until('it is warned of', () => lines.length > 0);
    process.off('warning', note);
    expect(lines[0]).toContain(`GET /api/users/:id/${major} is slow and was not held`);
  });
});
