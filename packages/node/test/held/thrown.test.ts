import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import express from 'express';
import { describe, expect, test, vi } from 'vitest';
import { holdOpen, type LateOutcome } from '../../src/index.js';
import { ask } from './support/ask.js';
import { builtEntry } from './support/built.js';
import { readHeldJson } from './support/payload.js';
import { QUICK, serve, serveHeld } from './support/serve.js';
import { held, quiet, until } from './support/wait.js';

const built = builtEntry();

test('a rejection after the commit is a late 500 that says nothing of the error', async () => {
  const outcomes: LateOutcome[] = [];
  const boom = new Error('the password is 123');
  const served = await serveHeld(
    async (req) => {
      await held(req);
      throw boom;
    },
    { onLateOutcome: (outcome) => outcomes.push(outcome) },
  );
  const reply = await ask(served);
  expect(reply.ended).toBe('cut');
  expect(reply.body).not.toContain('123');
  expect(JSON.parse(`${reply.body}}`)).toEqual({
    type: 'about:blank',
    title: 'Internal Server Error',
    completion_status: 500,
    code: 'handler_error',
  });
  expect(outcomes).toEqual([
    { ok: false, status: 500, code: 'handler_error', headers: [], error: boom },
  ]);
});

test.each([
  ['status', { status: 409 }, 409],
  ['statusCode', { statusCode: 429 }, 429],
  ['a status that is no error', { status: 200 }, 500],
])('the %s of a thrown error is the late one', async (_name, members, status) => {
  const served = await serveHeld(
    async (req) => {
      await held(req);
      throw Object.assign(new Error('late'), members);
    },
    { onLateOutcome() {} },
  );
  expect(readHeldJson((await ask(served)).body).lateHead?.status).toBe(status);
});

test('without onLateOutcome a thrown error is written to the console, once', async () => {
  const report = vi.spyOn(console, 'error').mockImplementation(() => {});
  const boom = new Error('late');
  const served = await serveHeld(async (req) => {
    await held(req);
    throw boom;
  });
  await ask(served, { path: '/work?secret=1' });
  await quiet(100);
  const calls = report.mock.calls.map((args) => args);
  report.mockRestore();
  expect(calls).toHaveLength(1);
  expect(calls[0]?.[0]).toContain('GET /work');
  expect(calls[0]?.[0]).not.toContain('secret');
  expect(calls[0]).toContain(boom);
});

test('an error status that the handler answered is not written to the console', async () => {
  const report = vi.spyOn(console, 'error').mockImplementation(() => {});
  const served = await serveHeld(async (req, res) => {
    await held(req);
    res.writeHead(404).end();
  });
  await ask(served);
  await quiet(50);
  expect(report).not.toHaveBeenCalled();
  report.mockRestore();
});

test('a rejection after the end changes nothing and is reported', async () => {
  const report = vi.spyOn(console, 'error').mockImplementation(() => {});
  const served = await serveHeld(async (req, res) => {
    await held(req);
    res.end('{"a":1}');
    throw new Error('too late');
  });
  const reply = await ask(served);
  expect(reply.ended).toBe('complete');
  expect(readHeldJson(reply.body).payload).toBe('{"a":1}');
  await until('it is reported', () => report.mock.calls.length === 1);
  report.mockRestore();
});

test('a listener that throws at once after it began its work is held and fails late', async () => {
  // As in a child: an uncaught exception would end the test run itself.
  const script = `
    import http from 'node:http';
    import { holdOpen } from ${JSON.stringify(built)};
    process.on('uncaughtException', (error) => console.log('uncaught ' + error.message));
    const server = http.createServer(holdOpen(() => { throw new Error('at once'); }, { intervalMs: 60, firstBeatMs: 20 }));
    server.listen(0, '127.0.0.1', async () => {
      const url = 'http://127.0.0.1:' + server.address().port;
      try {
        const response = await fetch(url, { signal: AbortSignal.timeout(4_000) });
        console.log('status ' + response.status);
        await response.text().then((text) => console.log('text ' + text), () => console.log('cut'));
      } catch (error) {
        console.log('fetch: ' + error.message);
      }
      process.exit();
    });
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  await once(child, 'close');
  expect(out).toBe('uncaught at once\nstatus 200\ncut\n');
});

describe('a wrapped handler within middleware that was mounted before', () => {
  const failsLater = holdOpen(async () => {
    await quiet(50);
    throw Object.assign(new Error('later'), { status: 418 });
  }, QUICK);

  test('that rejects is known when it was called after the commit', async () => {
    const served = await serveHeld(async (req, res) => {
      await held(req);
      // As every router does, whoever it tells.
      Promise.resolve(failsLater(req, res)).catch(() => {});
    });
    const reply = await ask(served);
    expect(reply.ended).toBe('cut');
    expect(readHeldJson(reply.body).lateHead?.status).toBe(418);
  });

  test('that rejects is known though the listener around it gives back nothing', async () => {
    const outer = holdOpen((req: IncomingMessage, res: ServerResponse) => {
      Promise.resolve(failsLater(req, res)).catch(() => {});
    }, QUICK);
    const reply = await ask(await serve(outer));
    expect(reply.ended).toBe('cut');
    expect(readHeldJson(reply.body).lateHead?.status).toBe(418);
  });
});

test.each([
  [
    'a status that cannot be read',
    {
      get status() {
        throw new Error('no status');
      },
    },
  ],
  [
    'a view that cannot be shown',
    {
      [Symbol.for('nodejs.util.inspect.custom')]() {
        throw new Error('no view');
      },
    },
  ],
])('an error with %s ends the response all the same', async (_name, error) => {
  const served = await serveHeld(async (req) => {
    await held(req);
    throw error;
  });
  const reply = await ask(served);
  expect(reply.ended).toBe('cut');
  expect(readHeldJson(reply.body).lateHead?.status).toBe(500);
});

test('an error body that is nested too deeply to be written again ends the response all the same', async () => {
  const deep = '['.repeat(20_000) + ']'.repeat(20_000);
  const served = await serveHeld(async (req, res) => {
    await held(req);
    res.writeHead(400, { 'Content-Type': 'application/json' }).end(deep);
  });
  const reply = await ask(served);
  expect(reply.ended).toBe('cut');
  expect(readHeldJson(reply.body).lateHead?.status).toBe(400);
});

describe('a hook that answers by itself', () => {
  const lateError = (_outcome: unknown, req: IncomingMessage): undefined => {
    responses.get(req)?.end('{"mine":1}');
  };
  const responses = new WeakMap<IncomingMessage, ServerResponse>();

  test.each([
    ['throws', 500],
    ['answers with an error', 418],
  ])('changes nothing when the handler %s', async (how, status) => {
    const served = await serveHeld(
      async (req, res) => {
        responses.set(req, res);
        await held(req);
        if (how === 'throws') throw new Error('late');
        res.writeHead(418, { 'Content-Type': 'application/json' }).end('{"theirs":1}');
      },
      { lateError },
    );
    const reply = await ask(served);
    expect(reply.ended).toBe('cut');
    expect(readHeldJson(reply.body).lateHead?.status).toBe(status);
    expect(reply.body).not.toContain('mine');
  });

  test('changes nothing of an answer that succeeds', async () => {
    const served = await serveHeld(
      async (req, res) => {
        responses.set(req, res);
        await held(req);
        res.writeHead(201, { 'Content-Type': 'application/json' }).end('{"theirs":1}');
      },
      {
        onLateOutcome(_outcome, req) {
          responses.get(req)?.write('XX');
          responses.get(req)?.end('XX');
        },
      },
    );
    const reply = await ask(served);
    expect(reply.ended).toBe('complete');
    expect(readHeldJson(reply.body).payload).toBe('{"theirs":1}');
  });
});

describe('an Express handler that is wrapped by itself and rejects', () => {
  function failingApp(awaits: number, fails: number, answers: number): express.Express {
    const app = express();
    app.use(holdOpen({ ...QUICK, format: 'json' }));
    app.use((_req, _res, next) => void quiet(awaits).then(() => next()));
    app.get(
      '/',
      holdOpen(async () => {
        await quiet(fails);
        throw new Error('late');
      }, QUICK),
    );
    app.use(async (_error: unknown, _req: unknown, res: express.Response, _next: unknown) => {
      if (answers > 0) await quiet(answers);
      res.status(422).json({ mine: 1 });
    });
    return app;
  }

  test.each([
    ['called before the commit', 0, 100, 0],
    ['called after the commit', 100, 10, 0],
    ['whose error handler takes its time', 0, 100, 20],
    ['before the commit, and answered after it', 0, 5, 45],
  ])('is answered by the error handler of the app, %s', async (_when, awaits, fails, answers) => {
    const reply = await ask(await serve(failingApp(awaits, fails, answers)));
    expect(readHeldJson(reply.body).lateHead?.status).toBe(422);
    expect(reply.body).toContain('{"mine":1');
    expect(reply.ended).toBe('cut');
  });
});

test('an error that two wrappers tell of is written to the console once', async () => {
  const report = vi.spyOn(console, 'error').mockImplementation(() => {});
  const inner = holdOpen(async (req: IncomingMessage) => {
    await held(req);
    throw new Error('late');
  }, QUICK);
  const served = await serveHeld((req, res) => inner(req, res));
  expect((await ask(served)).ended).toBe('cut');
  await quiet(50);
  expect(report).toHaveBeenCalledTimes(1);
  report.mockRestore();
});

test('an error handler that begins to answer in time has all the time it needs', async () => {
  const app = express();
  app.use(holdOpen({ ...QUICK, format: 'json' }));
  app.get(
    '/',
    holdOpen(async (req: IncomingMessage) => {
      await held(req);
      throw new Error('late');
    }, QUICK),
  );
  app.use(async (_error: unknown, _req: unknown, res: express.Response, _next: unknown) => {
    await quiet(10);
    res.setHeader('Content-Type', 'application/json');
    res.write('{"recovered":');
    await quiet(5 * QUICK.intervalMs);
    res.end('true}');
  });
  const reply = await ask(await serve(app));
  expect(reply.ended).toBe('complete');
  expect(JSON.parse(reply.body)).toEqual({ recovered: true });
});
