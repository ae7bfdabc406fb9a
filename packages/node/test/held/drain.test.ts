import type { Server as HttpServer } from 'node:http';
import http2 from 'node:http2';
import onHeaders from 'on-headers';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { drain, HoldOpenError, registry } from '../../src/index.js';
import { ask, type Reply, requestText } from './support/ask.js';
import { readHeldJson } from './support/payload.js';
import { serveHeld } from './support/serve.js';
import { quiet, until } from './support/wait.js';

afterEach(() => registry.reopen());

async function active(count: number): Promise<void> {
  await until(`${count} holds are active`, () => registry.size === count);
}

test('a JSON hold ends with a late 503 and retry-after, and its signal fires', async () => {
  let signal: AbortSignal | undefined;
  const served = await serveHeld((req) => {
    signal = req.holdOpen?.signal;
  });
  const asked = ask(served);
  await active(1);
  const result = await drain({ timeoutMs: 80, retryAfterSeconds: 7 });
  expect(result).toEqual({ finished: 0, ended: 1 });
  const reply = await asked;
  expect(reply.ended).toBe('cut');
  expect(readHeldJson(reply.body).lateHead).toEqual({
    status: 503,
    headers: [['retry-after', '7']],
  });
  expect(JSON.parse(`${reply.body}}`)).toMatchObject({ code: 'drained' });
  const reason: unknown = signal?.reason;
  expect(reason instanceof HoldOpenError && reason.code).toBe('HOLDOPEN_DRAINED');
});

test('a hold that ends by itself in time is let finish, and the drain does not wait longer', async () => {
  const served = await serveHeld(async (_req, res) => {
    await quiet(250);
    res.end('{}');
  });
  const asked = ask(served);
  await active(1);
  const start = performance.now();
  expect(await drain({ timeoutMs: 20_000 })).toEqual({ finished: 1, ended: 0 });
  expect(performance.now() - start).toBeLessThan(5_000);
  expect(readHeldJson((await asked).body)).toMatchObject({ lateHead: undefined, payload: '{}' });
});

describe('a GET event stream', () => {
  test.each([
    ['that its handler began', true],
    ['that is held', false],
  ])('%s ends at once, cleanly, with a retry of its own', async (_what, begun) => {
    const retries: number[] = [];
    const served = await serveHeld((_req, res) => {
      if (!begun) return;
      res.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
      res.write('data: 1\n\n');
    });
    const headers = { Accept: 'text/event-stream' };
    const asked = [1, 2, 3].map(() => ask(served, { headers }));
    await active(3);
    expect(await drain({ timeoutMs: 10_000, retryAfterSeconds: 2 })).toEqual({
      finished: 0,
      ended: 3,
    });
    for (const reply of await Promise.all(asked)) {
      expect(reply.ended).toBe('complete');
      const retry = /retry: (\d+)\n\n$/.exec(reply.body)?.[1];
      retries.push(Number(retry));
    }
    for (const retry of retries) {
      expect(retry).toBeGreaterThanOrEqual(2_000);
      expect(retry).toBeLessThanOrEqual(4_000);
    }
    expect(new Set(retries).size).toBeGreaterThan(1);
  });

  test.each(['HTTP/1.1', 'TLS', 'h2c'] as const)(
    'ends with its connection, so that its client comes back to another process, over %s',
    async (transport) => {
      const served = await serveHeld(() => {}, {}, transport);
      // It would be closed for having nothing to do.
      (served.server as HttpServer).keepAliveTimeout = 120_000;
      const headers = { Accept: 'text/event-stream' };
      if (transport === 'h2c') {
        const session = http2.connect(served.url);
        const stream = session.request(headers).resume();
        await active(1);
        await drain({ timeoutMs: 10_000 });
        await until('the session has ended, too', () => session.closed);
        expect(stream.rstCode).toBe(http2.constants.NGHTTP2_NO_ERROR);
      } else {
        const client = await served.connect();
        client.send(requestText({ headers }));
        await active(1);
        await drain({ timeoutMs: 10_000 });
        expect(await client.response()).toMatchObject({ status: 200, complete: true });
      }
      await until('its connection is closed', () => served.connections.size === 0);
    },
  );

  test('that stands inside an event is given its time', async () => {
    const served = await serveHeld((_req, res) => {
      res.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
      res.write('data: 1\n');
      setTimeout(() => res.end('data: 2\n\n'), 200);
    });
    const asked = ask(served);
    await active(1);
    expect(await drain({ timeoutMs: 5_000 })).toEqual({ finished: 1, ended: 0 });
    expect((await asked).body).toContain('data: 2\n\n');
  });
});

test('a POST event stream that does not end in time fails as an error event', async () => {
  const served = await serveHeld((_req, res) => {
    res.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
    res.write('data: 1\n\n');
  });
  const asked = ask(served, { method: 'POST', body: '{}' });
  await active(1);
  await drain({ timeoutMs: 50 });
  const reply: Reply = await asked;
  expect(reply.body).toContain('event: error\n');
  expect(reply.body).toContain('"completion_status":503');
});

describe('after the drain', () => {
  test.each(['HTTP/1.1', 'h2c'] as const)(
    'a silent response gets a plain 503, over %s',
    async (transport) => {
      let signal: AbortSignal | undefined;
      await drain({ timeoutMs: 0, retryAfterSeconds: 3 });
      const served = await serveHeld(
        (req) => {
          signal = req.holdOpen?.signal;
        },
        {},
        transport,
      );
      const reply = await ask(served);
      expect(reply.status).toBe(503);
      expect(reply.headers).toMatchObject({ 'retry-after': '3' });
      expect(reply.headers).not.toHaveProperty('holdopen');
      expect(signal?.aborted).toBe(true);
    },
  );

  test('what the handler answers to a response that was refused harms nobody', async () => {
    await drain({ timeoutMs: 0 });
    let failed: unknown;
    const served = await serveHeld(async (req, res) => {
      await until('it was refused', () => req.holdOpen?.signal.aborted === true);
      try {
        res.statusCode = 200;
        res.setHeader('Content-Type', 'application/json');
        res.end('{"a":1}');
      } catch (error) {
        failed = error;
      }
    });
    expect((await ask(served)).status).toBe(503);
    await quiet(30);
    expect(failed).toBeUndefined();
  });

  test('a fast answer goes out as ever', async () => {
    await drain({ timeoutMs: 0 });
    const served = await serveHeld((_req, res) => void res.end('fast'));
    expect((await ask(served)).body).toBe('fast');
  });
});

test('wrong options of drain are refused', async () => {
  await expect(drain({ timeoutMs: Number.NaN })).rejects.toMatchObject({
    code: 'HOLDOPEN_INVALID_OPTION',
  });
});

test.each([
  [null, /must be an object/],
  [5, /must be an object/],
  [{ timeout: 1 }, /no option "timeout"/],
  [{ timeoutMs: -1 }, /timeoutMs must be/],
  [{ retryAfterSeconds: 0.5 }, /whole number/],
])('drain(%j) says what to do', async (options, message) => {
  await expect(drain(options as never)).rejects.toThrow(message);
});

test('one hold whose hooks and format fail keeps no other from its end', async () => {
  const report = vi.spyOn(console, 'error').mockImplementation(() => {});
  const failing = await serveHeld(() => {}, {
    lateError() {
      throw new Error('no error');
    },
  });
  const others = await serveHeld(() => {});
  const asked = [ask(failing), ask(others), ask(others)];
  await active(3);
  expect(await drain({ timeoutMs: 20 })).toEqual({ finished: 0, ended: 3 });
  for (const reply of await Promise.all(asked)) expect(reply.ended).toBe('cut');
  report.mockRestore();
});

test('after a drain a listener for the head that throws leaves the handler its own answer', async () => {
  const report = vi.spyOn(console, 'error').mockImplementation(() => {});
  await drain({ timeoutMs: 0 });
  let calls = 0;
  const served = await serveHeld(async (_req, res) => {
    onHeaders(res, () => {
      calls += 1;
      if (calls === 1) throw new Error('not now');
    });
    res.setHeader('ETag', '"1"');
    await until('the refusal has failed', () => calls === 1);
    await quiet(20);
    res.end('{"ok":1}');
  });
  const reply = await ask(served);
  expect(reply.status).toBe(200);
  expect(reply.headers).toMatchObject({ etag: '"1"' });
  expect(reply.headers).not.toHaveProperty('retry-after');
  expect(reply.body).toBe('{"ok":1}');
  report.mockRestore();
});
