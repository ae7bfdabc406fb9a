// Real sockets below @hono/node-server, the way in which fetch handlers are served on Node.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import { expect, onTestFinished, test, vi } from 'vitest';
import { anyPrefixParses, readHeldJson } from '../../node/test/held/support/payload.js';
import { connect, type RawClient } from '../../node/test/held/support/wire.js';
import { type FetchHoldOpenOptions, getHold, holdOpen } from '../src/index.js';
import { held, Pieces, QUICK, quiet, until } from './support/call.js';

type Handler = (request: Request) => Response | Promise<Response>;

async function serve(fetch: Handler) {
  const server = createAdaptorServer({ fetch }) as http.Server;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async connect(): Promise<RawClient> {
      const client = await connect({ port, tls: false });
      onTestFinished(() => void client.socket.destroy());
      return client;
    },
  };
}

function serveHeld(handler: Handler, options: FetchHoldOpenOptions = {}) {
  return serve(holdOpen(handler, { ...QUICK, onLateOutcome() {}, ...options }));
}

async function ask(served: Awaited<ReturnType<typeof serve>>, head = 'POST / HTTP/1.1') {
  const client = await served.connect();
  client.send(`${head}\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n`);
  const response = await client.response();
  return { ...response, client };
}

const shapes: Record<string, Handler> = {
  text: () => new Response('x'),
  'text with headers of mixed case': () =>
    new Response('x', { headers: { 'X-Mixed-Case': '1', 'Content-Type': 'text/plain' } }),
  pairs: () => new Response('x', { headers: [['X-Pair', '1']] }),
  JSON: async () => Response.json({ a: 1 }, { status: 203 }),
  bytes: async () => new Response(Uint8Array.of(1, 2, 3)),
  'no body': () => new Response(null, { status: 201 }),
  'an event stream of a fixed text': () =>
    new Response('data: 1\n\n', { headers: { 'Content-Type': 'text/event-stream' } }),
  'an event stream': async () =>
    new Response(new Response('data: 1\n\n').body, {
      headers: { 'X-Zed': '1', 'Content-Type': 'text/event-stream', 'X-Abc': '2' },
    }),
  'an event stream of known length': async () =>
    new Response(new Response('data: 1\n\n').body, {
      headers: { 'X-Zed': '1', 'Content-Type': 'text/event-stream', 'Content-Length': '9' },
    }),
  'a stream of text': async () =>
    new Response(new Response('streamed').body, { headers: { 'X-Mixed-Case': '1' } }),
  'a failure': () => Promise.reject(new Error('early')),
  'an app of Hono': (request) => {
    const app = new Hono();
    app.post('/', (c) => c.json({ a: 1 }, 201, { 'X-Mixed-Case': '1' }));
    return app.fetch(request);
  },
};

test.each(Object.entries(shapes))(
  '%s that is in time is the same on the wire',
  async (_, shape) => {
    const [plain, wrapped] = await Promise.all([
      ask(await serve(shape)),
      ask(await serveHeld(shape)),
    ]);
    const lines = ({ head }: { head: string }) => head.replace(/^date: .*$/im, 'Date: …');
    expect(lines(wrapped)).toBe(lines(plain));
    expect(wrapped.body).toBe(plain.body);
    expect(wrapped.complete).toBe(true);
  },
);

test('a slow answer is held', async () => {
  const served = await serveHeld(async (request) => {
    await held(request);
    await quiet(150);
    return Response.json({ a: 'ü' }, { status: 201, headers: { Location: '/7' } });
  });
  const response = await ask(served);
  expect(response.complete).toBe(true);
  expect(response.status).toBe(200);
  expect(response.headers).toMatchObject({
    'content-type': 'application/json',
    holdopen: 'interval=60, format=json',
    'cache-control': 'no-store, no-transform',
  });
  const { beats, lateHead, payload } = readHeldJson(response.body);
  expect(beats).toBeGreaterThan(1);
  expect(lateHead).toEqual({ status: 201, headers: [['location', '/7']] });
  expect(payload).toBe('{"a":"ü"}');
});

test('a late failure is readable, and visibly incomplete', async () => {
  const info = vi.spyOn(console, 'info').mockImplementation(() => {});
  const served = await serveHeld(async (request) => {
    await held(request);
    return Response.json({ why: 'late' }, { status: 422 });
  });
  const start = performance.now();
  const response = await ask(served);
  expect(performance.now() - start).toBeLessThan(2_000);
  expect(response.complete).toBe(false);
  expect(anyPrefixParses(response.body)).toBe(false);
  expect(JSON.parse(`${readHeldJson(response.body).payload}}`)).toEqual({ why: 'late' });
  await expect(fetch(served.url).then((seen) => seen.text())).rejects.toThrow();
  const code = await new Promise<string | undefined>((resolve) => {
    http.get(served.url, { agent: false }, (message) => {
      message.resume();
      message.on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
      message.on('end', () => resolve(undefined));
    });
  });
  expect(code).toBe('ECONNRESET');
  info.mockRestore();
});

test('a long failure arrives whole before the cut, also at a slow client', async () => {
  const why = 'x'.repeat(300_000);
  const served = await serveHeld(async (request) => {
    await held(request);
    return Response.json({ why }, { status: 422 });
  });
  const info = vi.spyOn(console, 'info').mockImplementation(() => {});
  const client = await served.connect();
  client.send('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n');
  await client.arrived('holdopen');
  client.socket.pause();
  await quiet(300);
  client.socket.resume();
  const response = await client.response();
  expect(response.complete).toBe(false);
  expect(JSON.parse(`${readHeldJson(response.body).payload}}`)).toEqual({ why });
  info.mockRestore();
});

test('an event stream gets beats, and its end is clean', async () => {
  const pieces = new Pieces();
  const served = await serveHeld(
    () =>
      new Response(pieces.body, {
        headers: { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' },
      }),
  );
  const client = await served.connect();
  client.send('GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n');
  pieces.give('data: 1\n\n');
  await client.arrived(': keepalive\n\n');
  pieces.give('data: 2\n\n');
  await client.arrived('data: 2\n\n');
  pieces.end();
  const response = await client.response();
  expect(response.complete).toBe(true);
  expect(response.body).toMatch(
    /^data: 1\n\n: holdopen interval=60\n\n(: keepalive\n\n)+data: 2\n\n(: keepalive\n\n)*$/,
  );
});

test('a client that leaves is noticed, before the first beat and after it', async () => {
  const codes: unknown[] = [];
  const handler: Handler = (request) =>
    new Promise((_resolve, reject) => {
      const { signal } = getHold(request);
      signal.addEventListener('abort', () => {
        codes.push((signal.reason as { code?: unknown }).code);
        reject(signal.reason);
      });
    });
  const errors = vi.spyOn(console, 'error').mockImplementation(() => {});
  for (const options of [{ firstBeatMs: 5_000 }, QUICK]) {
    const before = codes.length;
    const served = await serveHeld(handler, options);
    const client = await served.connect();
    client.send('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n');
    if (options === QUICK) await client.arrived('holdopen');
    else await quiet(50);
    client.socket.destroy();
    await until('it is noticed', () => codes.length > before);
  }
  expect(codes).toEqual(['HOLDOPEN_DISCONNECTED', 'HOLDOPEN_DISCONNECTED']);
  errors.mockRestore();
});

test('a request body that comes in slowly is read after the commit as before', async () => {
  const served = await serveHeld(async (request) => {
    await held(request);
    return Response.json(await request.json());
  });
  const client = await served.connect();
  client.send('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 7\r\n\r\n{"a"');
  await client.arrived('holdopen');
  client.send(':1}');
  const response = await client.response();
  expect(readHeldJson(response.body).payload).toBe('{"a":1}');
});

test('nor is one disturbed that is being read at the commit', async () => {
  const served = await serveHeld(async (request) => Response.json(await request.json()));
  const client = await served.connect();
  client.send('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 7\r\n\r\n{"a"');
  await client.arrived('holdopen');
  client.send(':1}');
  const response = await client.response();
  expect(readHeldJson(response.body).payload).toBe('{"a":1}');
});
