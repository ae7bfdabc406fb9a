import { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, test, vi } from 'vitest';
import { HoldOpenError, holdOpen, registry } from '../../src/index.js';
import { requestText } from './support/ask.js';
import { QUICK, serve, serveHeld } from './support/serve.js';
import { held, quiet, until } from './support/wait.js';

interface Seen {
  req: IncomingMessage;
  res: ServerResponse;
}

/** A handler that waits for ever, and what it was called with. */
function waiting(): { seen: Seen[]; handler: (req: IncomingMessage, res: ServerResponse) => void } {
  const seen: Seen[] = [];
  return { seen, handler: (req, res) => void seen.push({ req, res }) };
}

async function first(seen: readonly Seen[]): Promise<Seen> {
  await until('the handler was called', () => seen.length > 0);
  const [one] = seen;
  if (one === undefined) throw new Error('no call');
  return one;
}

function codeOf(signal: AbortSignal | undefined): unknown {
  const reason: unknown = signal?.reason;
  return reason instanceof HoldOpenError ? reason.code : reason;
}

describe.each(['HTTP/1.1', 'TLS', 'h2c'] as const)('over %s', (transport) => {
  test('the signal fires when the client leaves while it is held', async () => {
    const { seen, handler } = waiting();
    const before = registry.counters.disconnects;
    const served = await serveHeld(handler, {}, transport);
    const leave = await ask(served);
    const { req } = await first(seen);
    const signal = req.holdOpen?.signal;
    await held(req);
    expect(signal?.aborted).toBe(false);
    leave();
    await until('the signal has fired', () => signal?.aborted === true);
    expect(codeOf(signal)).toBe('HOLDOPEN_DISCONNECTED');
    expect(req.holdOpen?.state).toBe('gone');
    expect(registry.counters.disconnects).toBe(before + 1);
    expect(registry.size).toBe(0);
  });

  test('the signal fires when the client leaves before the first beat', async () => {
    const { seen, handler } = waiting();
    const served = await serveHeld(handler, { firstBeatMs: 60_000 }, transport);
    const leave = await ask(served);
    const { req } = await first(seen);
    const signal = req.holdOpen?.signal;
    leave();
    await until('the signal has fired', () => signal?.aborted === true);
    expect(codeOf(signal)).toBe('HOLDOPEN_DISCONNECTED');
  });

  test('a signal that is read after the client has left has fired already', async () => {
    const { seen, handler } = waiting();
    const served = await serveHeld(handler, { firstBeatMs: 60_000 }, transport);
    const leave = await ask(served);
    const { req, res } = await first(seen);
    leave();
    // Node 20 gives HTTP/2 responses neither closed nor destroyed.
    const { stream } = res as { stream?: { destroyed: boolean } };
    await until('the response is closed', () => (stream ?? res).destroyed);
    await quiet(20);
    expect(req.holdOpen?.signal.aborted).toBe(true);
    expect(codeOf(req.holdOpen?.signal)).toBe('HOLDOPEN_DISCONNECTED');
  });

  test('a signal that is read after a held client has left has fired already', async () => {
    const { seen, handler } = waiting();
    const served = await serveHeld(handler, {}, transport);
    const leave = await ask(served);
    const { req } = await first(seen);
    await held(req);
    leave();
    await until('it is known', () => req.holdOpen?.state === 'gone');
    expect(codeOf(req.holdOpen?.signal)).toBe('HOLDOPEN_DISCONNECTED');
  });

  test('the signal does not fire after a complete answer', async () => {
    let signal: AbortSignal | undefined;
    const served = await serveHeld(
      async (req, res) => {
        signal = req.holdOpen?.signal;
        if (req.url === '/held') await held(req);
        res.end('{}');
      },
      {},
      transport,
    );
    for (const path of ['/fast', '/held']) {
      const leave = await ask(served, path);
      await until('it was answered', () => registry.size === 0 && signal !== undefined);
      await quiet(80);
      leave();
      await quiet(50);
      expect(signal?.aborted).toBe(false);
      signal = undefined;
    }
  });

  /** Asks, and gives how to leave. */
  async function ask(served: Awaited<ReturnType<typeof serve>>, path = '/'): Promise<() => void> {
    if (transport === 'h2c') {
      const http2 = await import('node:http2');
      const session = http2.connect(served.url);
      session.on('error', () => {});
      const stream = session.request({ ':path': path });
      stream.on('error', () => {});
      stream.resume();
      return () => {
        stream.close(http2.constants.NGHTTP2_CANCEL);
        setTimeout(() => session.destroy(), 100);
      };
    }
    const client = await served.connect();
    client.send(requestText({ path }));
    return () => void client.socket.destroy();
  }
});

test("with onDisconnect: 'continue' the signal never fires, and the hold is gone", async () => {
  const { seen, handler } = waiting();
  const served = await serveHeld(handler, { onDisconnect: 'continue' });
  const client = await served.connect();
  client.send(requestText());
  const { req } = await first(seen);
  const signal = req.holdOpen?.signal;
  await held(req);
  client.socket.destroy();
  await until('the hold is gone', () => req.holdOpen?.state === 'gone');
  await quiet(30);
  expect(signal?.aborted).toBe(false);
});

test('the end of a POST body is no disconnect', async () => {
  let signal: AbortSignal | undefined;
  let requestClosed = false;
  const served = await serveHeld(async (req, res) => {
    signal = req.holdOpen?.signal;
    req.on('close', () => {
      requestClosed = true;
    });
    for await (const _ of req);
    await held(req);
    await until('the request has closed', () => requestClosed);
    await quiet(50);
    res.end('{}');
  });
  const client = await served.connect();
  client.send(requestText({ method: 'POST', body: 'x'.repeat(1_000) }));
  expect((await client.response()).complete).toBe(true);
  expect(signal?.aborted).toBe(false);
});

test('what a handler does after its client has left harms nobody', async () => {
  const { seen, handler } = waiting();
  const served = await serveHeld(handler, { onLateOutcome() {} });
  const client = await served.connect();
  client.send(requestText());
  const { req, res } = await first(seen);
  await held(req);
  client.socket.destroy();
  await until('it is known', () => req.holdOpen?.state === 'gone');
  res.setHeader('X-A', '1');
  res.writeHead(500);
  res.write('{"a"');
  res.end(':1}');
  expect(res.headersSent).toBe(true);
});

test('the signal fires when the client leaves in the middle of the payload', async () => {
  let signal: AbortSignal | undefined;
  const served = await serveHeld(async (req, res) => {
    signal = req.holdOpen?.signal;
    await held(req);
    res.write('["begun",');
  });
  const client = await served.connect();
  client.send(requestText());
  await client.arrived('begun');
  client.socket.destroy();
  await until('the signal has fired', () => signal?.aborted === true);
  expect(codeOf(signal)).toBe('HOLDOPEN_DISCONNECTED');
  expect(registry.size).toBe(0);
});

test('the signal fires when the client of a stream that its handler began leaves', async () => {
  const signals: (AbortSignal | undefined)[] = [];
  const served = await serveHeld((req, res) => {
    signals.push(req.holdOpen?.signal);
    res.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
    res.write('data: 1\n\n');
  });
  for (const beaten of [false, true]) {
    const client = await served.connect();
    client.send(requestText());
    await client.arrived(beaten ? ': holdopen' : 'data: 1');
    client.socket.destroy();
    await until('the signal has fired', () => signals.at(-1)?.aborted === true);
  }
  await until('no hold is active', () => registry.size === 0);
  expect(signals.map(codeOf)).toEqual(['HOLDOPEN_DISCONNECTED', 'HOLDOPEN_DISCONNECTED']);
});

test('half-closing a connection is not leaving', async () => {
  const served = await serveHeld(async (req, res) => {
    await held(req);
    await quiet(150);
    res.end('{}');
  });
  Reflect.set(served.server, 'httpAllowHalfOpen', true);
  const client = await served.connect();
  client.socket.allowHalfOpen = true;
  client.send(requestText());
  client.socket.end();
  expect((await client.response()).complete).toBe(true);
});

describe('nothing is left', () => {
  /** Listeners of a response and its socket, by name. */
  function listeners(res: ServerResponse): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const name of res.eventNames()) counts[`res ${String(name)}`] = res.listenerCount(name);
    for (const name of res.socket?.eventNames() ?? []) {
      counts[`socket ${String(name)}`] = res.socket?.listenerCount(name) ?? 0;
    }
    return counts;
  }

  test('on a kept-alive socket no listener is added, however many responses were held', async () => {
    const counts: Record<string, number>[] = [];
    const served = await serveHeld(async (req, res) => {
      counts.push(listeners(res));
      void req.holdOpen?.signal;
      await held(req);
      res.end('{}');
    });
    const client = await served.connect();
    for (let i = 1; i <= 12; i++) {
      client.send(requestText());
      await until('it is answered', () => client.text.split('0\r\n\r\n').length > i);
    }
    await until('no hold is active', () => registry.size === 0);
    expect(counts.at(-1)).toEqual(counts[1]);
    expect(counts).toHaveLength(12);
  });

  test('before the first beat the response has no listener of ours', async () => {
    let held: Record<string, number> = {};
    let bare: Record<string, number> = {};
    const one = await serveHeld((_req, res) => {
      held = listeners(res);
      res.end();
    });
    const two = await serve((_req, res) => {
      bare = listeners(res);
      res.end();
    });
    for (const served of [one, two]) {
      const client = await served.connect();
      client.send(requestText());
      await client.response();
    }
    expect(held).toEqual(bare);
  });

  test('ended, cut and abandoned holds let go of their responses', async () => {
    // Needs a collector to be called: --expose-gc by v8.
    const v8 = await import('node:v8');
    const vm = await import('node:vm');
    v8.setFlagsFromString('--expose-gc');
    const collect = vm.runInNewContext('gc') as () => void;
    const references: WeakRef<ServerResponse>[] = [];
    const listener = holdOpen(
      async (req: IncomingMessage, res: ServerResponse) => {
        references.push(new WeakRef(res));
        void req.holdOpen?.signal;
        if (req.url === '/fast') {
          res.end('{}');
          return;
        }
        await held(req);
        if (req.url === '/cut') throw new Error('cut');
        if (req.url === '/ended') res.end('{}');
        else await until('it is gone', () => req.holdOpen?.state === 'gone');
      },
      { ...QUICK, onLateOutcome() {} },
    );
    const served = await serve(listener);
    for (const path of ['/fast', '/ended', '/cut', '/left']) {
      for (let i = 0; i < 5; i++) {
        const client = await served.connect();
        client.send(requestText({ path }));
        if (path === '/left') {
          await client.arrived('HoldOpen');
          client.socket.destroy();
        } else {
          await client.response();
          client.socket.destroy();
        }
      }
    }
    await until('no connection is left', () => served.connections.size === 0);
    await until('no hold is active', () => registry.size === 0);
    let left = references.length;
    for (let i = 0; i < 40 && left > 2; i++) {
      await quiet(50);
      collect();
      left = references.filter((reference) => reference.deref() !== undefined).length;
    }
    expect(references).toHaveLength(20);
    // One or two may be kept by Node itself, whose parsers are used again.
    expect(left).toBeLessThanOrEqual(2);
  });
});

test('the signal of a pipelined response fires when the client leaves before its turn', async () => {
  const { seen, handler } = waiting();
  const served = await serveHeld(handler);
  const client = await served.connect();
  client.send(requestText({ path: '/1' }) + requestText({ path: '/2' }));
  await until('both were called', () => seen.length === 2);
  const signals = seen.map(({ req }) => req.holdOpen?.signal);
  await held((seen[0] as Seen).req);
  client.socket.destroy();
  await until('both signals have fired', () => signals.every((signal) => signal?.aborted === true));
  expect(signals.map(codeOf)).toEqual(['HOLDOPEN_DISCONNECTED', 'HOLDOPEN_DISCONNECTED']);
});

test('pipelined responses do not gather listeners on their connection', async () => {
  const served = await serveHeld((req, res) => {
    void req.holdOpen?.signal;
    res.end('{}');
  });
  const client = await served.connect();
  for (let round = 1; round <= 3; round += 1) {
    client.send(requestText({}).repeat(20));
    await until('all were answered', () => client.text.split('HTTP/1.1 200').length > 20 * round);
  }
  const [socket] = served.connections;
  expect(socket?.listenerCount('close')).toBeLessThan(10);
});

test.each([
  ['before the first beat', {}],
  [
    'before a first beat that cannot come',
    {
      format: () => {
        throw new Error('no format');
      },
    },
  ],
])('a client that left %s is known to whoever reads the signal later', async (_when, options) => {
  const report = vi.spyOn(console, 'error').mockImplementation(() => {});
  const { seen, handler } = waiting();
  const served = await serveHeld(handler, { firstBeatMs: 100, ...options });
  const client = await served.connect();
  client.send(requestText());
  const { req } = await first(seen);
  client.socket.destroy();
  await quiet(250);
  expect(req.holdOpen?.signal.aborted).toBe(true);
  expect(codeOf(req.holdOpen?.signal)).toBe('HOLDOPEN_DISCONNECTED');
  expect(req.holdOpen?.state).toBe('gone');
  report.mockRestore();
});

test('a signal can be read where there is no connection', () => {
  const req = new IncomingMessage(null as never);
  const res = new ServerResponse(req);
  let signal: AbortSignal | undefined;
  holdOpen((request: IncomingMessage) => {
    signal = request.holdOpen?.signal;
  })(req, res);
  expect(signal?.aborted).toBe(false);
  res.end();
});
