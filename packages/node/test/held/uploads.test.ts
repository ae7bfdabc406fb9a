import http2 from 'node:http2';
import { expect, test } from 'vitest';
import { requestText } from './support/ask.js';
import { readHeldJson } from './support/payload.js';
import { serveHeld } from './support/serve.js';
import { held, quiet, until } from './support/wait.js';

const POST = 'POST / HTTP/1.1\r\nHost: localhost\r\n';

test('an upload that is still arriving is not silence', async () => {
  const seen: unknown[] = [];
  const served = await serveHeld(
    async (req, res) => {
      let size = 0;
      for await (const chunk of req) size += (chunk as Buffer).length;
      seen.push(req.holdOpen?.state);
      res.end(String(size));
    },
    { firstBeatMs: 60 },
  );
  const client = await served.connect();
  client.send(`${POST}Transfer-Encoding: chunked\r\n\r\n`);
  for (let i = 0; i < 12; i++) {
    client.send('5\r\nhello\r\n');
    await quiet(30);
  }
  client.send('0\r\n\r\n');
  const response = await client.response();
  expect(seen).toEqual(['waiting']);
  expect(response.headers).toMatchObject({ 'content-length': '2' });
  expect(response.headers).not.toHaveProperty('holdopen');
  expect(response.body).toBe('60');
});

test('firstBeatMs is counted from when the body is in', async () => {
  let inAtMs = 0;
  const served = await serveHeld(
    async (req, res) => {
      for await (const _ of req) void _;
      inAtMs = performance.now();
      await held(req);
      res.end('{}');
    },
    { firstBeatMs: 200 },
  );
  const client = await served.connect();
  client.send(`${POST}Content-Length: 20\r\n\r\n`);
  for (let i = 0; i < 10; i++) {
    await quiet(30);
    client.send('ab');
  }
  await client.arrived('HoldOpen');
  const committedAtMs = client.arrivals.at(0)?.atMs ?? 0;
  expect(committedAtMs - inAtMs).toBeGreaterThan(150);
  expect(readHeldJson((await client.response()).body).payload).toBe('{}');
});

test('a large body that the handler does not read is silence', async () => {
  const served = await serveHeld(async (req, res) => {
    await held(req);
    res.end('{}');
  });
  const client = await served.connect();
  client.send(`${POST}Content-Length: 50000000\r\n\r\n`);
  client.send(Buffer.alloc(2_000_000, 'x'));
  await client.arrived('HoldOpen');
  expect(readHeldJson((await client.response()).body).payload).toBe('{}');
});

test('a large body that the handler does not read is silence over HTTP/2 too', async () => {
  const served = await serveHeld(
    async (req, res) => {
      await held(req);
      res.end('{}');
    },
    {},
    'h2c',
  );
  const session = http2.connect(served.url);
  session.on('error', () => {});
  const stream = session.request({ ':method': 'POST' });
  stream.on('error', () => {});
  let announced: unknown;
  stream.on('response', (headers) => {
    announced = headers.holdopen;
  });
  stream.resume();
  // More than the window of the stream takes.
  stream.write(Buffer.alloc(500_000, 'x'));
  try {
    await until('the response is held', () => announced !== undefined);
  } finally {
    session.destroy();
  }
  expect(announced).toBe('interval=60, format=json');
});

test('a small body that the handler does not read is silence', async () => {
  const served = await serveHeld(async (req, res) => {
    await held(req);
    res.end('{}');
  });
  const client = await served.connect();
  client.send(requestText({ method: 'POST', body: 'unread' }));
  expect(readHeldJson((await client.response()).body).payload).toBe('{}');
});

test('a handler that waits for a body read in full over HTTP/2 is held', async () => {
  const served = await serveHeld(
    async (req, res) => {
      for await (const _ of req) void _;
      await held(req);
      res.end('{}');
    },
    {},
    'h2c',
  );
  const session = http2.connect(served.url);
  const stream = session.request({ ':method': 'POST' });
  let body = '';
  stream.on('data', (chunk: Buffer) => {
    body += chunk.toString();
  });
  for (let i = 0; i < 6; i++) {
    stream.write('piece');
    await quiet(30);
  }
  stream.end();
  await until('it is answered', () => stream.closed);
  session.destroy();
  expect(readHeldJson(body).payload).toBe('{}');
});

test('a client that expects 100-continue gets it once, and is held', async () => {
  const served = await serveHeld(async (req, res) => {
    let body = '';
    for await (const chunk of req) body += String(chunk);
    await held(req);
    res.end(JSON.stringify(body));
  });
  const client = await served.connect();
  client.send(`${POST}Content-Length: 2\r\nExpect: 100-continue\r\n\r\n`);
  await client.arrived('100 Continue');
  client.send('hi');
  await client.arrived('"hi"');
  expect(client.text.match(/HTTP\/1\.1 100 Continue\r\n\r\n/g)).toHaveLength(1);
  expect(client.text.match(/HTTP\/1\.1 200 OK\r\n/g)).toHaveLength(1);
});
