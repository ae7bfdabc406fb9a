import { describe, expect, test } from 'vitest';
import { HoldOpenError, type LateOutcome, registry } from '../../src/index.js';
import { ask, requestText } from './support/ask.js';
import { readHeldJson } from './support/payload.js';
import { serveHeld } from './support/serve.js';
import { held, quiet, until } from './support/wait.js';

describe.each(['HTTP/1.1', 'HTTP/1.0', 'h2c'] as const)('over %s', (transport) => {
  test('a handler that never answers fails with a late 504, and its signal fires', async () => {
    const outcomes: LateOutcome[] = [];
    let signal: AbortSignal | undefined;
    const before = registry.counters.silences;
    const served = await serveHeld(
      (req) => {
        signal = req.holdOpen?.signal;
      },
      { maxSilenceMs: 200, onLateOutcome: (outcome) => outcomes.push(outcome) },
      transport,
    );
    const start = performance.now();
    const reply = await ask(served);
    expect(performance.now() - start).toBeGreaterThanOrEqual(195);
    expect(reply.ended).toBe('cut');
    const { beats, lateHead } = readHeldJson(reply.body);
    expect(beats).toBeGreaterThan(0);
    expect(lateHead?.status).toBe(504);
    expect(JSON.parse(`${reply.body}}`)).toMatchObject({ code: 'silence', completion_status: 504 });
    expect(outcomes).toMatchObject([{ ok: false, status: 504, code: 'silence' }]);
    const reason: unknown = signal?.reason;
    expect(reason instanceof HoldOpenError && reason.code).toBe('HOLDOPEN_SILENCE');
    expect(registry.counters.silences).toBe(before + 1);
    expect(registry.size).toBe(0);
  });
});

test('touch is a sign of life, before and after the commit', async () => {
  const served = await serveHeld(
    async (req, res) => {
      for (let i = 0; i < 20; i++) {
        req.holdOpen?.touch();
        await quiet(30);
      }
      res.end('{}');
    },
    { maxSilenceMs: 250 },
  );
  const reply = await ask(served);
  expect(readHeldJson(reply.body)).toMatchObject({ lateHead: undefined, payload: '{}' });
});

test('bytes of the payload are a sign of life', async () => {
  const served = await serveHeld(
    async (req, res) => {
      await held(req);
      res.write('[');
      for (let i = 0; i < 15; i++) {
        res.write(`${i},`);
        await quiet(30);
      }
      res.end('0]');
    },
    { maxSilenceMs: 250 },
  );
  expect((await ask(served)).ended).toBe('complete');
});

test('what the handler writes after its time is up goes nowhere, and its callbacks come', async () => {
  const called: string[] = [];
  const served = await serveHeld(
    async (req, res) => {
      await until('it has failed', () => req.holdOpen?.state === 'failed');
      res.statusCode = 201;
      res.setHeader('X-A', '1');
      res.write('{"late":', () => called.push('write'));
      res.end('true}', () => called.push('end'));
    },
    { maxSilenceMs: 150 },
  );
  const reply = await ask(served);
  await until('the callbacks have come', () => called.length === 2);
  expect(reply.body).not.toContain('late"');
  expect(JSON.parse(`${reply.body}}`)).toMatchObject({ completion_status: 504 });
});

describe('a GET event stream that has begun', () => {
  function stream(method: string, maxSilenceMs?: number) {
    return serveHeld(
      async (_req, res) => {
        res.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
        res.write('data: 1\n\n');
        await quiet(450);
        res.end('data: 2\n\n');
      },
      maxSilenceMs === undefined ? {} : { maxSilenceMs },
    ).then((served) => ask(served, { method, ...(method === 'POST' ? { body: '' } : {}) }));
  }

  test('may be silent as long as it likes', async () => {
    expect((await stream('GET')).body).toContain('data: 2');
  });

  test('fails at a limit that is given', async () => {
    const reply = await stream('GET', 200);
    expect(reply.body).toMatch(/event: error\nretry: 86400000\n/);
    expect(reply.body).toContain('"completion_status":504');
    expect(reply.ended).toBe('complete');
  });
});

test('maxSilenceMs: false covers silence for ever', async () => {
  const served = await serveHeld(() => {}, { maxSilenceMs: false });
  const client = await served.connect();
  client.send(requestText());
  await client.arrived('HoldOpen');
  await quiet(300);
  expect(client.closed).toBe(false);
});
