import http from 'node:http';
import { expect, test } from 'vitest';
import { requestText } from './support/ask.js';
import { readHeldJson } from './support/payload.js';
import { QUICK, serveHeld } from './support/serve.js';
import { held, quiet, until } from './support/wait.js';
import { type RawResponse, readResponse } from './support/wire.js';

/** All responses on one connection, in order. */
function readAll(received: Buffer): RawResponse[] {
  const responses: RawResponse[] = [];
  let rest = received;
  for (;;) {
    const response = readResponse(rest);
    if (response?.complete !== true) return responses;
    responses.push(response);
    rest = response.rest;
  }
}

test('a pipelined response waits for its turn: neither head nor beat before it', async () => {
  const states: unknown[] = [];
  let release = (): void => {};
  const served = await serveHeld(async (req, res) => {
    if (req.url === '/first') {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      res.end('{"n":1}');
      return;
    }
    await quiet(QUICK.firstBeatMs + QUICK.intervalMs * 3);
    states.push(req.holdOpen?.state);
    release();
    await held(req);
    res.end('{"n":2}');
  });
  const client = await served.connect();
  client.send(requestText({ path: '/first' }) + requestText({ path: '/second' }));
  await until('both are answered', () => readAll(client.received).length === 2);
  expect(states).toEqual(['waiting']);
  const [first, second] = readAll(client.received);
  expect(readHeldJson(first?.body ?? '').payload).toBe('{"n":1}');
  expect(second?.headers).toHaveProperty('holdopen');
  expect(readHeldJson(second?.body ?? '').payload).toBe('{"n":2}');
});

test('three pipelined responses that are all slow come whole and in order', async () => {
  const served = await serveHeld(async (req, res) => {
    await quiet(120);
    res.end(JSON.stringify(req.url));
  });
  const client = await served.connect();
  client.send(['/1', '/2', '/3'].map((path) => requestText({ path })).join(''));
  await until('all are answered', () => readAll(client.received).length === 3);
  expect(readAll(client.received).map(({ body }) => JSON.parse(body))).toEqual(['/1', '/2', '/3']);
});

test('a pipelined response that fails late when its turn comes is cut', async () => {
  const served = await serveHeld(async (req, res) => {
    await quiet(150);
    if (req.url === '/1') res.end('1');
    else {
      await held(req);
      res.writeHead(500).end();
    }
  });
  const client = await served.connect();
  client.send(requestText({ path: '/1' }) + requestText({ path: '/2' }));
  await client.close();
  const first = readResponse(client.received);
  expect(first?.complete).toBe(true);
  const second = readResponse(first?.rest ?? Buffer.alloc(0));
  expect(second?.complete).toBe(false);
  expect(JSON.parse(`${second?.body}}`)).toMatchObject({ completion_status: 500 });
});

test('a connection is used again after a hold, by fast and slow requests alike', async () => {
  const ports = new Set<number | undefined>();
  const served = await serveHeld(async (req, res) => {
    ports.add(req.socket.remotePort);
    if (req.url === '/slow') await held(req);
    res.end(JSON.stringify(req.url));
  });
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const get = (path: string): Promise<string> =>
    new Promise((resolve, reject) => {
      http
        .get(`${served.url}${path}`, { agent }, (response) => {
          let body = '';
          response.on('data', (chunk: Buffer) => {
            body += chunk.toString();
          });
          response.on('end', () => resolve(body));
          response.on('error', reject);
        })
        .on('error', reject);
    });
  const bodies: string[] = [];
  for (const path of ['/slow', '/fast', '/slow', '/slow', '/fast']) bodies.push(await get(path));
  agent.destroy();
  expect(bodies.map((body) => JSON.parse(body))).toEqual([
    '/slow',
    '/fast',
    '/slow',
    '/slow',
    '/fast',
  ]);
  expect(ports.size).toBe(1);
});

test('a connection that its client wants closed is closed after a hold', async () => {
  const served = await serveHeld(async (req, res) => {
    await held(req);
    res.end('{}');
  });
  const client = await served.connect();
  client.send(requestText({ headers: { Connection: 'close' } }));
  await client.close();
  expect(readResponse(client.received)).toMatchObject({
    complete: true,
    headers: { connection: 'close' },
  });
});

test('nothing follows the end of a response', async () => {
  const served = await serveHeld(async (req, res) => {
    await held(req);
    res.end('{}');
  });
  const client = await served.connect();
  client.send(requestText());
  await client.response();
  const { length } = client.received;
  await quiet(QUICK.intervalMs * 4);
  expect(client.received.length).toBe(length);
});

test('SO_KEEPALIVE is set at the commit, and not before', async () => {
  for (const transport of ['HTTP/1.1', 'TLS', 'h2c', 'h2'] as const) {
    const calls: unknown[][] = [];
    let before: number | undefined;
    const served = await serveHeld(
      async (req, res) => {
        before = calls.length;
        await held(req);
        res.end('{}');
      },
      { tcpKeepAliveMs: 12_000 },
      transport,
    );
    const spy = (socket: import('node:net').Socket): void => {
      const original = socket.setKeepAlive;
      socket.setKeepAlive = function (...args) {
        calls.push(args);
        return original.apply(this, args);
      };
    };
    served.server.on(
      transport === 'TLS' || transport === 'h2' ? 'secureConnection' : 'connection',
      spy,
    );
    const { ask } = await import('./support/ask.js');
    await ask(served);
    expect(before, transport).toBe(0);
    expect(calls, transport).toEqual([[true, 12_000]]);
  }
});

test('tcpKeepAliveMs: false leaves the socket alone', async () => {
  let called = false;
  const served = await serveHeld(
    async (req, res) => {
      await held(req);
      res.end('{}');
    },
    { tcpKeepAliveMs: false },
  );
  served.server.on('connection', (socket) => {
    socket.setKeepAlive = () => {
      called = true;
      return socket;
    };
  });
  const client = await served.connect();
  client.send(requestText());
  await client.response();
  expect(called).toBe(false);
});
