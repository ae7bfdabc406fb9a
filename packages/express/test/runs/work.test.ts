import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { runsMiddleware } from '@holdopen/runs/node';
import type { ErrorRequestHandler, RequestHandler } from 'express';
import { afterAll, describe, expect, test, vi } from 'vitest';
import {
  ask,
  begin,
  gate,
  get,
  holdOptions,
  openRuns,
  post,
  quietConsole,
  repeatable,
  statusOf,
  untilAlone,
  untilState,
} from '../../../node/test/runs/support/index.js';
import { holdOpen, incomingOf } from '../../src/index.js';
import { serve, until, VERSIONS } from '../support/index.js';

const folder = mkdtempSync(join(tmpdir(), 'runs-'));
const LARGE = join(folder, 'large.json');
const TEXT = JSON.stringify(Array.from({ length: 60_000 }, (_, n) => `entry ${n}`));
writeFileSync(LARGE, TEXT);
afterAll(() => rmSync(folder, { recursive: true }));

/** What a handler of Express may do as the work of a run. */
describe.each(VERSIONS)('in $name', ({ express }) => {
  function serveWork(handler: RequestHandler, runs = openRuns()) {
    const app = express();
    app.set('env', 'test');
    app.post('/work', holdOpen(holdOptions({ runs })), handler);
    return serve(app);
  }

  const senders: Record<string, RequestHandler> = {
    'res.sendFile': (_req, res) => res.sendFile(LARGE),
    'res.download': (_req, res) => res.download(LARGE, 'all.json'),
    'pipeline()': (_req, res) => {
      res.type('json');
      return pipeline(createReadStream(LARGE), res);
    },
    'pipe()': (_req, res) => void createReadStream(LARGE).pipe(res.type('json')),
  };

  test.each(Object.entries(senders))('%s is recorded whole, and replayed', async (_name, send) => {
    const handler = vi.fn(send);
    const served = await serveWork(handler);
    // A part is for one client, and the answer for all.
    const first = await ask(served, post({ range: 'bytes=0-9' }));
    expect(first).toMatchObject({ status: 200, ended: 'complete' });
    expect(first.headers['content-type']).toMatch(/^application\/json/);
    expect(first.body).toBe(TEXT);
    const again = await ask(served, post());
    expect(repeatable(again)).toEqual(repeatable(first));
    expect(handler).toHaveBeenCalledTimes(1);
  });

  test.each(Object.entries(senders))(
    '%s goes on for whoever comes back, when its client has left before',
    async (_name, send) => {
      const go = gate();
      let starts = 0;
      const served = await serveWork(async (req, res, next) => {
        starts += 1;
        await go.opened;
        await send(req, res, next);
      });
      const client = await begin(served, post());
      await until('it works', () => starts === 1);
      client.leave();
      await untilAlone(served);
      go.open();
      const again = await ask(served, post());
      expect(again).toMatchObject({ status: 200, ended: 'complete' });
      expect(again.body).toBe(TEXT);
      expect(starts).toBe(1);
    },
  );

  test('a pipeline() whose client leaves in the middle comes to its end', async () => {
    const go = gate();
    const outcomes: unknown[] = [];
    async function* events() {
      yield 'data: 1\n\n';
      await go.opened;
      for (let n = 2; n < 100; n += 1) yield `data: ${n}\n\n`;
    }
    const served = await serveWork(async (_req, res) => {
      res.type('text/event-stream');
      outcomes.push(await pipeline(events(), res).catch((error: unknown) => error));
    });
    const client = await begin(served, post());
    await client.arrived('data: 1\n\n');
    client.leave();
    await untilAlone(served);
    go.open();
    await until('it is over', () => outcomes.length > 0);
    expect(outcomes).toEqual([undefined]);
    const { body } = await ask(served, post());
    expect(body.match(/^data: /gm)).toHaveLength(99);
  });

  test('a redirect is an answer', async () => {
    let starts = 0;
    const served = await serveWork((_req, res) => res.redirect(303, `/made/${++starts}`));
    for (let i = 0; i < 2; i += 1) {
      const reply = await ask(served, post());
      expect(reply).toMatchObject({ status: 303, headers: { location: '/made/1' } });
    }
  });

  describe('an error', () => {
    const teapot = (seen: unknown[]): ErrorRequestHandler => {
      return (error: Error, req, res, _next) => {
        seen.push([error.message, res.headersSent, req.holdOpen?.state]);
        res.status(418).json({ handled: error.message });
      };
    };

    function serveFailing(handler: RequestHandler, runs = openRuns()) {
      const seen: unknown[] = [];
      const app = express();
      app.post('/work', holdOpen(holdOptions({ runs })), handler);
      app.use(teapot(seen));
      return { seen, served: serve(app) };
    }

    test.each<[string, RequestHandler]>([
      ['next(error)', (_req, _res, next) => next(new Error('gone wrong'))],
      [
        'a throw',
        () => {
          throw new Error('gone wrong');
        },
      ],
    ])('of %s goes to the error handler once, whose answer is the run’s', async (_how, handler) => {
      const { seen, served } = serveFailing(handler);
      for (let i = 0; i < 2; i += 1) {
        const reply = await ask(await served, post());
        expect(reply).toMatchObject({ status: 418, body: '{"handled":"gone wrong"}' });
        expect(statusOf(reply)).toMatch(/^\/runs\//);
      }
      expect(seen).toEqual([['gone wrong', false, 'waiting']]);
    });

    test('without an error handler is answered by Express itself, and replayed', async () => {
      let starts = 0;
      const served = await serveWork((_req, _res, next) => {
        starts += 1;
        next(new Error('gone wrong'));
      });
      const first = await ask(served, post());
      expect(first.status).toBe(500);
      expect(first.headers['content-type']).toMatch(/^text\/html/);
      expect(repeatable(await ask(served, post()))).toEqual(repeatable(first));
      expect(starts).toBe(1);
    });

    test('of a page that is not there is one, too', async () => {
      const served = await serveWork((_req, _res, next) => next());
      const first = await ask(served, post());
      expect(first.status).toBe(404);
      expect(repeatable(await ask(served, post()))).toEqual(repeatable(first));
    });

    test('behind the head breaks the answer off, and so do its replays', async () => {
      quietConsole();
      let starts = 0;
      const served = await serveWork((_req, res, next) => {
        starts += 1;
        res.type('json').write('[');
        next(new Error('gone wrong'));
      });
      const first = await ask(served, post());
      expect(first.status).toBe(500);
      expect(first.body).not.toContain('[');
      expect((await ask(served, post())).status).toBe(500);
      expect(starts).toBe(1);
    });

    test('of authorize goes to the error handler, and nothing is started', async () => {
      const handler = vi.fn<RequestHandler>();
      const authorize = async (): Promise<string> => {
        throw new Error('no such table');
      };
      const { seen, served } = serveFailing(handler, openRuns({ authorize }));
      const reply = await ask(await served, post());
      expect(reply).toMatchObject({ status: 418, body: '{"handled":"no such table"}' });
      expect(seen).toHaveLength(1);
      expect(handler).not.toHaveBeenCalled();
    });
  });

  test('authorize is given what a login before has left on the request', async () => {
    const runs = openRuns({
      authorize: (request) => (incomingOf(request) as { user?: string } | undefined)?.user,
    });
    const app = express();
    const login: RequestHandler = (req, _res, next) => {
      (req as { user?: string | undefined }).user = req.get('x-user');
      next();
    };
    app.use(login, runsMiddleware(runs));
    let starts = 0;
    app.post('/work', holdOpen(holdOptions({ runs })), (_req, res) => {
      starts += 1;
      res.json({ starts });
    });
    const served = await serve(app);
    const first = await ask(served, post());
    expect(first.body).toBe('{"starts":1}');
    // At the run routes, too.
    expect((await ask(served, get(statusOf(first)))).status).toBe(200);
    expect((await ask(served, get(statusOf(first), { 'x-user': 'eve' }))).status).toBe(404);
    expect((await ask(served, post({ 'x-user': 'eve' }))).body).toBe('{"starts":2}');
    expect((await ask(served, post())).body).toBe('{"starts":1}');
    const { 'x-user': _, ...headers } = post().headers ?? {};
    expect((await ask(served, { ...post(), headers })).status).toBe(403);
    expect(incomingOf(new Request('http://test.example'))).toBeUndefined();
  });

  test('one key on two routes is two runs, and on two pages of one route another payload', async () => {
    const app = express();
    const keep = holdOpen(holdOptions({ runs: openRuns() }));
    const answer: RequestHandler = (req, res) => void res.json({ at: req.originalUrl });
    const router = express.Router();
    router.post('/pages/:id', keep, answer);
    app.use('/api', router);
    app.post('/other', keep, answer);
    const served = await serve(app);
    const at = (path: string) => ask(served, { ...post(), path });
    expect((await at('/api/pages/1')).body).toBe('{"at":"/api/pages/1"}');
    expect((await at('/other')).body).toBe('{"at":"/other"}');
    expect((await at('/api/pages/2')).status).toBe(422);
    expect((await at('/api/pages/1')).body).toBe('{"at":"/api/pages/1"}');
  });

  test('what a request looks like to its work does not change when its client leaves', async () => {
    const go = gate();
    const seen: unknown[] = [];
    const served = await serveWork(async (req, res) => {
      const look = () => [req.ip, req.protocol, req.hostname, req.socket.remoteAddress, req.path];
      seen.push(look());
      await go.opened;
      seen.push(look());
      res.json({ ip: req.ip });
    });
    const client = await begin(served, post());
    await until('it works', () => seen.length === 1);
    client.leave();
    await untilAlone(served);
    go.open();
    expect((await ask(served, post())).status).toBe(200);
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[0]).toEqual([...[expect.any(String), 'http', 'localhost'], '127.0.0.1', '/work']);
  });

  test('without runsMiddleware the run goes on all the same, and its status can be asked elsewhere', async () => {
    const runs = openRuns();
    const go = gate();
    const served = await serveWork(async (_req, res) => {
      await go.opened;
      res.json({ done: true });
    }, runs);
    const accepted = await ask(served, post({ prefer: 'respond-async' }));
    expect(accepted.status).toBe(202);
    expect((await ask(served, get(accepted.headers.location ?? ''))).status).toBe(404);
    go.open();
    const elsewhere = await serve(runsMiddleware(runs));
    await untilState(elsewhere, accepted.headers.location ?? '', 'completed');
  });
});
