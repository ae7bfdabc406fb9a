import { createServer } from 'node:http';
import type { Duplex } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { bodyOf, serve, serveRaw } from './support/origin.js';
import { startProxy } from './support/proxy.js';
import { rawClient } from './support/raw-client.js';
import { until } from './support/until.js';

const HANDSHAKE =
  'GET /socket HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n';

describe('a request to speak another protocol', () => {
  test('goes on with all that is said afterwards, both ways', async () => {
    const server = createServer();
    let seen: unknown;
    let behind: Duplex | undefined;
    server.on('upgrade', (req, socket) => {
      seen = req.headers;
      behind = socket;
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: v\r\n\r\nhello',
      );
      socket.on('data', (bytes: Buffer) => socket.write(`you said ${bytes}`));
    });
    const proxy = await startProxy(await serve(() => {}, server));
    const client = await rawClient(proxy.port, `${HANDSHAKE}X-Forwarded-For: 6.6.6.6\r\n\r\nfirst`);
    await client.arrived('you said first');
    expect(client.text).toMatch(
      /^HTTP\/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: v\r\n\r\nhello/,
    );
    expect(seen).toMatchObject({
      upgrade: 'websocket',
      connection: 'Upgrade',
      'sec-websocket-key': 'k',
      'x-forwarded-for': '127.0.0.1',
    });
    client.send('more');
    await client.arrived('you said more');
    client.socket.destroy();
    await until('the target is told', () => behind?.readableEnded === true);
  });

  test('is given up when its client leaves before the answer', async () => {
    const origin = await serveRaw(() => {});
    const proxy = await startProxy(origin.port);
    const client = await rawClient(proxy.port, `${HANDSHAKE}\r\n`);
    await until('the target has it', () => origin.sockets.length === 1);
    client.socket.destroy();
    await until('the target is told', () => origin.sockets[0]?.closed === true);
    await until('it is logged', () => proxy.log.length === 1);
  });

  test('that is refused gets the refusal', async () => {
    const proxy = await startProxy(
      await serve((_req, res) => res.writeHead(426, { 'X-Why': 'no' }).end('not here')),
    );
    const client = await rawClient(proxy.port, `${HANDSHAKE}\r\n`);
    await client.close();
    expect(client.text).toMatch(/^HTTP\/1.1 426 Upgrade Required\r\n/);
    expect(client.text).toContain('not here');
  });

  test('that is refused is over though its client stays', async () => {
    const proxy = await startProxy(await serve((_req, res) => res.writeHead(426).end()));
    const client = await rawClient(proxy.port, `${HANDSHAKE}\r\n`);
    await client.close();
    // It never ends its own side.
    await until('it is logged', () => proxy.log[0]?.status === 426);
  });

  test('without a target is a 502', async () => {
    const proxy = await startProxy(1);
    const client = await rawClient(proxy.port, `${HANDSHAKE}\r\n`);
    await client.close();
    expect(client.text).toMatch(/^HTTP\/1.1 502/);
  });

  test('with a body is refused, for nobody knows where it ends', async () => {
    const origin = await serveRaw();
    const proxy = await startProxy(origin.port);
    const client = await rawClient(proxy.port, `${HANDSHAKE}Content-Length: 5\r\n\r\nhello`);
    await client.close();
    expect(client.text).toMatch(/^HTTP\/1.1 501/);
    expect(origin.sockets).toHaveLength(0);
  });

  test.each([
    [
      'the request',
      `${HANDSHAKE}X: a\x01b\r\n\r\n`,
      'HTTP/1.1 101 S\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n',
    ],
    [
      'the answer',
      `${HANDSHAKE}\r\n`,
      'HTTP/1.1 200 \x01\r\nX: a\x01b\r\nContent-Length: 0\r\n\r\n',
    ],
    [
      'the upgrade',
      `${HANDSHAKE}\r\n`,
      'HTTP/1.1 101 \x01\r\nX: a\x01b\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n',
    ],
  ])('with control characters in %s harms nobody else', async (_where, wire, answer) => {
    const origin = await serveRaw((socket) => void socket.write(Buffer.from(answer, 'latin1')));
    const proxy = await startProxy(origin.port);
    const client = await rawClient(proxy.port, wire);
    await client.arrived('\r\n\r\n');
    expect(client.text).not.toContain('\x01');
  });

  test.each([
    ['an upgrade', `${HANDSHAKE}\r\n`],
    ['CONNECT', 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n'],
  ])(
    'never stands in the middle of another answer: %s behind a slow request',
    async (_what, wire) => {
      const origin = await serveRaw(() => {});
      const proxy = await startProxy(origin.port);
      const client = await rawClient(proxy.port, `GET /held HTTP/1.1\r\nHost: a\r\n\r\n${wire}`);
      await client.close();
      expect(client.text).not.toMatch(/HTTP\/1.1 (101|405|502)/);
      // It is still there for others.
      const again = await rawClient(proxy.port, 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n');
      await again.arrived('405');
    },
  );

  test('to HTTP/2 is not taken up, and the request is an ordinary one', async () => {
    const origin = await serveRaw();
    const proxy = await startProxy(origin.port);
    const client = await rawClient(
      proxy.port,
      'GET /held HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\nPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    );
    await client.close();
    expect(client.text).toMatch(/^HTTP\/1.1 200/);
    expect(origin.received[0]).not.toMatch(/h2c|settings|PRI/i);
  });

  // As the client of the JDK offers it, and that of Apache.
  test.each(['h2c', 'TLS/1.2'])('to %s comes with a body, which goes on', async (protocol) => {
    let body = '';
    const port = await serve(async (req, res) => {
      body = await bodyOf(req);
      res.end('done');
    });
    const proxy = await startProxy(port);
    const client = await rawClient(
      proxy.port,
      `POST /held HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nHost: a\r\nHTTP2-Settings: AAEAAEAA\r\nUpgrade: ${protocol}\r\nContent-Length: 10\r\n\r\nhello`,
    );
    await until('the head is read', () => client.socket.bytesWritten > 0);
    client.send('world');
    await client.close();
    expect(client.text).toMatch(/^HTTP\/1.1 200/);
    expect(client.text).toContain('done');
    expect(body).toBe('helloworld');
  });

  test('to HTTP/2 is given up when its client leaves before the answer', async () => {
    const origin = await serveRaw(() => {});
    const proxy = await startProxy(origin.port);
    const client = await rawClient(
      proxy.port,
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n',
    );
    await until('the target has it', () => origin.sockets.length === 1);
    client.socket.destroy();
    await until('the target is told', () => origin.sockets[0]?.closed === true);
  });
});
