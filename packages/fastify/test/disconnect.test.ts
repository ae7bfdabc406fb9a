import http2 from 'node:http2';
import type { FastifyRequest } from 'fastify';
import { describe, expect, test } from 'vitest';
import { requestText } from '../../node/test/held/support/ask.js';
import { quiet, until } from '../../node/test/held/support/wait.js';
import { HoldOpenError, registry } from '../src/index.js';
import { held } from './support/held.js';
import { type ServedApp, serveHeld } from './support/serve.js';

const VERSIONS = ['HTTP/1.1', 'TLS', 'h2c'] as const;

/** Asks and gives what ends the connection. */
async function askAndLeave(served: ServedApp): Promise<() => void> {
  if (served.transport === 'h2c') {
    const session = http2.connect(served.url);
    session.on('error', () => {});
    session.request({ ':path': '/' }).on('error', () => {});
    return () => session.destroy();
  }
  const client = await served.connect();
  client.send(requestText());
  return () => client.socket.destroy();
}

function codeOf({ reason }: AbortSignal): unknown {
  return reason instanceof HoldOpenError ? reason.code : reason;
}

interface Seen {
  request?: FastifyRequest;
  rejection?: unknown;
  readonly hooks: string[];
}

/** An application whose handler works until its signal tells it to stop. */
async function working(
  version: (typeof VERSIONS)[number],
  options: { onDisconnect?: 'continue'; firstBeatMs?: number } = {},
) {
  const seen: Seen = { hooks: [] };
  const served = await serveHeld(
    (app) => {
      app.addHook('onRequestAbort', (_request, done) => {
        seen.hooks.push('onRequestAbort');
        done();
      });
      app.get('/', async (request) => {
        const { signal } = request.holdOpen;
        seen.request = request;
        await new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
        }).catch((error: unknown) => {
          seen.rejection = error;
          throw error;
        });
      });
    },
    options,
    version,
  );
  const leave = await askAndLeave(served);
  await until('the handler works', () => seen.request !== undefined);
  const request = seen.request as FastifyRequest;
  return { seen, request, leave };
}

describe.each(VERSIONS)('over %s', (version) => {
  test('the signal of a held handler fires when its client leaves', async () => {
    const before = registry.counters.disconnects;
    const { seen, request, leave } = await working(version);
    await held(request);
    expect(request.holdOpen.signal.aborted).toBe(false);
    leave();
    await until('the handler has stopped', () => seen.rejection !== undefined);
    expect(codeOf(request.holdOpen.signal)).toBe('HOLDOPEN_DISCONNECTED');
    expect(request.holdOpen.state).toBe('gone');
    expect(registry.counters.disconnects).toBe(before + 1);
    expect(registry.size).toBe(0);
    if (version !== 'h2c') {
      await until('the hook has run', () => seen.hooks.includes('onRequestAbort'));
    }
  });

  test('so does that of one whose head is still withheld', async () => {
    const { seen, request, leave } = await working(version, { firstBeatMs: 60_000 });
    leave();
    await until('the handler has stopped', () => seen.rejection !== undefined);
    expect(codeOf(request.holdOpen.signal)).toBe('HOLDOPEN_DISCONNECTED');
  });

  test('with onDisconnect continue it does not', async () => {
    const { seen, request, leave } = await working(version, { onDisconnect: 'continue' });
    await held(request);
    leave();
    await until('it is gone', () => request.holdOpen.state === 'gone');
    await quiet(50);
    expect(request.holdOpen.signal.aborted).toBe(false);
    expect(seen.rejection).toBeUndefined();
    expect(registry.size).toBe(0);
  });
});

test('work that goes on after its client has left may answer, and nobody minds', async () => {
  const answered: unknown[] = [];
  const rejections: unknown[] = [];
  const note = (reason: unknown): void => void rejections.push(reason);
  process.on('unhandledRejection', note);
  const served = await serveHeld(
    (app) => {
      app.get('/', async (request, reply) => {
        await held(request);
        await until('its client has left', () => request.holdOpen.state === 'gone');
        reply.code(201).header('x-late', '1');
        setImmediate(() => answered.push(request.holdOpen.state));
        return { done: true };
      });
    },
    { onDisconnect: 'continue' },
  );
  const client = await served.connect();
  client.send(requestText());
  await client.arrived('HoldOpen');
  client.socket.destroy();
  await until('it has answered', () => answered.length === 1);
  process.off('unhandledRejection', note);
  expect(answered).toEqual(['gone']);
  expect(rejections).toEqual([]);
});

test('a handler that has ended is not told that its client leaves', async () => {
  const signals: AbortSignal[] = [];
  const served = await serveHeld((app) => {
    app.post('/', async (request) => {
      signals.push(request.holdOpen.signal);
      await held(request);
      return {};
    });
  });
  const client = await served.connect();
  client.send(
    requestText({ method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json' } }),
  );
  await client.response();
  client.socket.destroy();
  await quiet(50);
  expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
});
