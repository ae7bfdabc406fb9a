import { spawnSync } from 'node:child_process';
import type { IncomingMessage, ServerResponse } from 'node:http';
import express from 'express';
import { describe, expect, test } from 'vitest';
import { holdOpen, registry } from '../../src/index.js';
import { ask } from './support/ask.js';
import { builtEntry } from './support/built.js';
import { readHeldJson } from './support/payload.js';
import { QUICK, serve, serveHeld } from './support/serve.js';
import { held, quiet, until } from './support/wait.js';
import { warnings } from './support/warnings.js';

const slow = async (_req: IncomingMessage, res: ServerResponse): Promise<void> => {
  await quiet(200);
  res.end('{}');
};

describe('mounted twice', () => {
  test('it is one hold and the innermost options win', async () => {
    const inner = holdOpen(slow, { ...QUICK, intervalMs: 70 });
    const before = registry.counters.holds;
    const served = await serve(
      holdOpen(inner, { ...QUICK, intervalMs: 5_000, firstBeatMs: 4_000 }),
    );
    const reply = await ask(served);
    expect(reply.headers.holdopen).toBe('interval=70, format=json');
    expect(readHeldJson(reply.body).beats).toBeGreaterThan(1);
    expect(registry.counters.holds).toBe(before + 1);
  });

  test('a route wins over the whole application in Express', async () => {
    const app = express();
    app.use(holdOpen({ intervalMs: 5_000 }));
    app.get('/slow', holdOpen({ ...QUICK, lateError: 'body' }), async (req, res) => {
      await held(req);
      res.status(409).json({ why: 'busy' });
    });
    const reply = await ask(await serve(app), { path: '/slow', headers: { Accept: '*/*' } });
    expect(reply.headers.holdopen).toBe('interval=60, format=json');
    expect(reply.ended).toBe('complete');
    expect(JSON.parse(reply.body)).toEqual({ why: 'busy' });
  });

  test('an inner mount that is off leaves the response alone', async () => {
    const served = await serveHeld(holdOpen(slow, { intervalMs: false }));
    const reply = await ask(served);
    expect(reply.headers).toMatchObject({ 'content-length': '2' });
    expect(reply.headers).not.toHaveProperty('holdopen');
  });

  test('an inner mount that is on holds what the outer one is off for', async () => {
    const served = await serve(holdOpen(holdOpen(slow, QUICK), { intervalMs: false }));
    expect((await ask(served)).headers).toHaveProperty('holdopen');
  });

  test('an inner mount after the commit counts from there', async () => {
    const served = await serveHeld(async (req, res) => {
      await held(req);
      holdOpen({ ...QUICK, lateError: 'body' })(req, res, () => {
        res.writeHead(409, { 'content-type': 'application/json' }).end('{"why":"busy"}');
      });
    });
    const reply = await ask(served);
    expect(reply.ended).toBe('complete');
    expect(JSON.parse(reply.body)).toEqual({ why: 'busy' });
  });
});

test('intervalMs: false watches nothing, and the handle does nothing', async () => {
  const states: unknown[] = [];
  const served = await serve(
    holdOpen(
      async (req: IncomingMessage, res: ServerResponse) => {
        req.holdOpen?.touch();
        states.push(req.holdOpen?.state, req.holdOpen?.signal.aborted, Object.hasOwn(res, 'write'));
        await slow(req, res);
      },
      { intervalMs: false },
    ),
  );
  expect((await ask(served)).body).toBe('{}');
  expect(states).toEqual(['off', false, false]);
});

test.each(['off', 'OFF', ' off '])(
  'HOLDOPEN=%j in the environment switches everything off',
  (value) => {
    const built = builtEntry();
    const script = `
    import http from 'node:http';
    import { holdOpen } from ${JSON.stringify(built)};
    const listener = holdOpen((req, res) => {
      console.log(req.holdOpen.state);
      setTimeout(() => res.end('{}'), 200);
    }, { intervalMs: 60, firstBeatMs: 0 });
    const server = http.createServer(listener).listen(0, '127.0.0.1', async () => {
      const response = await fetch('http://127.0.0.1:' + server.address().port);
      console.log(response.headers.get('holdopen'), await response.text());
      process.exit();
    });
  `;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      env: { ...process.env, HOLDOPEN: value },
      encoding: 'utf8',
    });
    expect(stdout).toBe('off\nnull {}\n');
  },
);

test('firstBeatMs: 0 commits at once', async () => {
  const served = await serveHeld(slow, { firstBeatMs: 0 });
  const reply = await ask(served);
  expect(readHeldJson(reply.body).beats).toBeGreaterThan(1);
});

test('beyond maxHolds a response passes untouched, and is counted', async () => {
  const before = registry.counters.untouched.max_holds ?? 0;
  const served = await serveHeld(slow, { maxHolds: 2 });
  const replies = await Promise.all([1, 2, 3, 4].map(() => ask(served)));
  const holds = replies.filter(({ headers }) => 'holdopen' in headers);
  expect(holds).toHaveLength(2);
  for (const { body } of replies) expect(body.trimStart()).toBe('{}');
  expect(registry.counters.untouched.max_holds).toBe(before + 2);
});

test('500 responses are held at once, and each gets its beats and its own payload', async () => {
  const served = await serveHeld(
    async (req, res) => {
      await quiet(800);
      res.end(JSON.stringify(req.url));
    },
    { intervalMs: 200 },
  );
  const paths = Array.from({ length: 500 }, (_, i) => `/${i}`);
  const replies = await Promise.all(paths.map((path) => ask(served, { path })));
  for (const [i, reply] of replies.entries()) {
    const { beats, payload } = readHeldJson(reply.body);
    expect(payload).toBe(JSON.stringify(`/${i}`));
    expect(beats).toBeGreaterThan(1);
    expect(reply.ended).toBe('complete');
  }
  expect(registry.size).toBe(0);
});

test('held responses do not keep the process alive', () => {
  const built = builtEntry();
  const script = `
    import http from 'node:http';
    import { holdOpen } from ${JSON.stringify(built)};
    const server = http.createServer(holdOpen(() => {}, { intervalMs: 60, firstBeatMs: 0 }));
    server.listen(0, '127.0.0.1', () => {
      http.get({ port: server.address().port }, (response) => {
        response.socket.unref();
        server.close();
        server.unref();
        response.once('data', () => console.log('beaten'));
      });
    });
    server.on('connection', (socket) => setTimeout(() => socket.unref(), 300));
  `;
  const { stdout, signal } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    timeout: 8_000,
  });
  expect(stdout).toBe('beaten\n');
  expect(signal).toBeNull();
});

describe('mounted on, off and on again', () => {
  test('before the first beat the innermost one holds', async () => {
    const off = holdOpen(holdOpen(slow, QUICK), { intervalMs: false });
    const reply = await ask(await serve(holdOpen(off, QUICK)));
    expect(readHeldJson(reply.body).beats).toBeGreaterThan(1);
  });

  test('after the commit an inner mount that is off ends the beats, and one that is on begins them', async () => {
    const beats: number[] = [];
    const options = {
      ...QUICK,
      onBeat: ({ beats: count }: { beats: number }) => beats.push(count),
    };
    const served = await serve(
      holdOpen(async (req: IncomingMessage, res: ServerResponse) => {
        await held(req);
        holdOpen({ intervalMs: false })(req, res, () => {});
        const before = beats.length;
        await quiet(4 * QUICK.intervalMs);
        expect(beats.length).toBe(before);
        holdOpen(options)(req, res, () => {});
        await until('it beats again', () => beats.length > before);
        res.end('{}');
      }, options),
    );
    expect(readHeldJson((await ask(served)).body).payload).toBe('{}');
  });

  test('an inner mount holds what the outer one let pass', async () => {
    const app = express();
    app.use(holdOpen(QUICK));
    app.use((_req, _res, next) => void quiet(100).then(() => next()));
    app.get('/', holdOpen({ ...QUICK, format: 'json' }), slow);
    const reply = await ask(await serve(app), { headers: { Accept: '*/*' } });
    expect(readHeldJson(reply.body)).toMatchObject({ payload: '{}' });
    expect(readHeldJson(reply.body).beats).toBeGreaterThan(0);
  });
});

describe('an inner mount that comes late', () => {
  test('does not make the interval longer than the head has said', async () => {
    let beats = 0;
    const onBeat = (): void => {
      beats += 1;
    };
    const served = await serveHeld(async (req, res) => {
      await held(req);
      holdOpen({ intervalMs: 60_000, onBeat })(req, res, () => {});
      await until('it beats on', () => beats > 2);
      res.end('{}');
    });
    expect(readHeldJson((await ask(served)).body).payload).toBe('{}');
  });

  test('does not put off a beat that is due', async () => {
    const served = await serve(
      holdOpen(async (req: IncomingMessage, res: ServerResponse) => {
        await held(req);
        const again = holdOpen(QUICK);
        const start = performance.now();
        while (performance.now() - start < 6 * QUICK.intervalMs) {
          again(req, res, () => {});
          await quiet(5);
        }
        res.end('{}');
      }, QUICK),
    );
    expect(readHeldJson((await ask(served)).body).beats).toBeGreaterThan(2);
  });

  test('does not count the silence before the first beat anew', async () => {
    let committedAfterMs = 0;
    const options = { firstBeatMs: 400, intervalMs: 400 };
    const served = await serve(
      holdOpen(async (req: IncomingMessage, res: ServerResponse) => {
        const start = performance.now();
        while (req.holdOpen?.state === 'waiting' && performance.now() - start < 5_000) {
          holdOpen(options)(req, res, () => {});
          await quiet(20);
        }
        committedAfterMs = performance.now() - start;
        res.end('{}');
      }, options),
    );
    await ask(served);
    expect(committedAfterMs).toBeLessThan(4_000);
  });
});

test('another copy of the package leaves a response that is held to the first', async () => {
  const { holdOpen: other } = (await import(builtEntry())) as { holdOpen: typeof holdOpen };
  const warned = warnings('HOLDOPEN_TWO_COPIES');
  const inner = other(
    async (req: IncomingMessage, res: ServerResponse) => {
      await held(req);
      res.writeHead(422, { 'Content-Type': 'application/json' }).end('{"e":1}');
    },
    { ...QUICK, lateError: 'body' },
  );
  const served = await serveHeld(inner, { lateError: 'body' });
  const reply = await ask(served);
  expect(readHeldJson(reply.body)).toMatchObject({ payload: '{"e":1}', lateHead: { status: 422 } });
  await until('it was warned of', () => warned.length === 1);
});

test('middleware that is used as a listener says what to do', () => {
  const middleware = holdOpen() as unknown as (req: unknown, res: unknown) => void;
  expect(() => middleware({}, {})).toThrow(/createServer\(holdOpen\(handler, options\)\)/);
});

test('what Express mounts behind a route of all paths is global', async () => {
  const app = express();
  app.all('/{*all}', (_req, _res, next) => next());
  app.use(holdOpen(QUICK));
  app.get('/page', async (_req, res) => {
    await quiet(150);
    res.send('<p>page</p>');
  });
  const reply = await ask(await serve(app), { path: '/page', headers: { Accept: '*/*' } });
  expect(reply.headers['content-type']).toContain('text/html');
  expect(reply.body).toBe('<p>page</p>');
});
