import { mkdtempSync, rmSync } from 'node:fs';
import http, { createServer, type IncomingMessage, request } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { certificate } from '../../../node/test/held/support/certificate.js';
import { bodyOf, serve, serveRaw } from './support/origin.js';
import { startProxy } from './support/proxy.js';
import { rawClient } from './support/raw-client.js';
import { until } from './support/until.js';

interface Answer {
  readonly res: IncomingMessage;
  readonly body: string;
}

async function ask(
  port: number,
  path: string,
  options: http.RequestOptions = {},
  body?: string,
): Promise<Answer> {
  const req = request({ port, host: '127.0.0.1', path, agent: false, ...options });
  const res = await new Promise<IncomingMessage>((resolve, reject) => {
    req.on('response', resolve).on('error', reject).end(body);
  });
  return { res, body: await bodyOf(res) };
}

describe('what the target is sent', () => {
  test('is the request of the client, under its own names and in its order', async () => {
    let seen: IncomingMessage | undefined;
    const port = await serve((req, res) => {
      seen = req;
      res.end();
    });
    const proxy = await startProxy(port);
    const client = await rawClient(
      proxy.port,
      'GET /a%20b/../c?q=1&q=2 HTTP/1.1\r\nhost: api.example:81\r\nX-oDD: \xe9\r\nAccept: a\r\nAccept: b\r\n\r\n',
    );
    await client.arrived('200 OK');
    expect(seen?.url).toBe('/a%20b/../c?q=1&q=2');
    expect(seen?.rawHeaders.slice(0, 8)).toEqual([
      'Host',
      'api.example:81',
      'X-oDD',
      '\xe9',
      'Accept',
      'a',
      'Accept',
      'b',
    ]);
  });

  test('says for whom, and takes nothing from the client for it', async () => {
    const port = await serve((req, res) => res.end(JSON.stringify(req.headers)));
    const proxy = await startProxy(port);
    const { body } = await ask(proxy.port, '/', {
      headers: {
        host: 'public.example',
        'x-forwarded-for': '6.6.6.6',
        'X-Forwarded-Proto': 'https',
        x_forwarded_for: '6.6.6.6',
        'x-forwarded-prefix': '/admin',
        forwarded: 'for=6.6.6.6',
        'x-real-ip': '6.6.6.6',
        via: '1.0 fred',
      },
    });
    expect(JSON.parse(body)).toMatchObject({
      host: 'public.example',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'public.example',
      via: '1.0 fred, 1.1 holdopen',
    });
    expect(body).not.toContain('6.6.6.6');
    expect(body).not.toContain('/admin');
  });

  test('continues what a trusted proxy in front has said', async () => {
    const port = await serve((req, res) => res.end(JSON.stringify(req.headers)));
    const proxy = await startProxy(port, { trustForwarded: true, rewriteHost: true });
    const { body } = await ask(proxy.port, '/', {
      headers: {
        host: 'inner',
        'x-forwarded-for': '9.9.9.9',
        'x-forwarded-proto': 'https',
        'x-forwarded-host': 'public.example',
      },
    });
    expect(JSON.parse(body)).toMatchObject({
      host: `127.0.0.1:${port}`,
      'x-forwarded-for': '9.9.9.9, 127.0.0.1',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'public.example',
    });
  });

  test('is without what was meant for this connection alone', async () => {
    const port = await serve((req, res) => res.end(JSON.stringify(req.headers)));
    const proxy = await startProxy(port);
    const client = await rawClient(
      proxy.port,
      'POST / HTTP/1.1\r\nHost: a\r\nConnection: close, X-Secret, Content-Length, Cookie\r\nX-Secret: 1\r\nKeep-Alive: 5\r\nProxy-Authorization: b\r\nProxy: http://evil\r\nCookie: c=1\r\nContent-Length: 2\r\n\r\nhi',
    );
    await client.close();
    const headers = JSON.parse(client.text.slice(client.text.indexOf('{')));
    expect(headers).toMatchObject({
      'content-length': '2',
      cookie: 'c=1',
      connection: 'keep-alive',
    });
    for (const name of ['x-secret', 'keep-alive', 'proxy-authorization', 'proxy']) {
      expect(headers).not.toHaveProperty(name);
    }
  });

  test('has the body in chunks with its trailers if it came so', async () => {
    const port = await serve(async (req, res) => {
      const body = await bodyOf(req);
      res.end(JSON.stringify({ body, trailers: req.trailers, te: req.headers.te }));
    });
    const proxy = await startProxy(port);
    const client = await rawClient(
      proxy.port,
      'PUT / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\n\r\n3;name=value\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 5\r\nHost: b\r\nX-Forwarded-For: 6\r\n\r\n',
    );
    await client.arrived('"te"');
    expect(client.text).toContain('{"body":"abcde","trailers":{"x-sum":"5"},"te":"trailers"}');
  });

  test.each(['POST', 'PUT', 'PROPFIND', 'DELETE'])(
    'has no body if a %s came without one, and no chunks that say so',
    async (method) => {
      const origin = await serveRaw();
      const proxy = await startProxy(origin.port);
      const client = await rawClient(proxy.port, `${method} /a HTTP/1.1\r\nHost: a\r\n\r\n`);
      await client.arrived('ok');
      expect(origin.received[0]).not.toMatch(/transfer-encoding/i);
      expect(origin.received[0]).toMatch(/\r\n\r\n$/);
    },
  );

  test('is there before its body is', async () => {
    const port = await serve((_req, res) => {
      res.writeHead(200, { 'X-Asked': 'yes' }).flushHeaders();
    });
    const proxy = await startProxy(port);
    const client = await rawClient(
      proxy.port,
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    await client.arrived('X-Asked: yes');
  });

  test('comes as slowly as the target reads it', async () => {
    let paused: IncomingMessage | undefined;
    const port = await serve((req, res) => {
      paused = req.pause();
      req.on('end', () => res.end('done'));
    });
    const proxy = await startProxy(port);
    const total = 64 * 1024 * 1024;
    const client = await rawClient(
      proxy.port,
      `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${total}\r\n\r\n`,
    );
    client.send(Buffer.alloc(total));
    await until('the target has the head', () => paused !== undefined);
    // The kernel's buffers fill up, then nothing moves.
    let before = -1;
    await until('nothing moves any more', () => {
      const still = before === client.socket.bytesWritten - client.socket.writableLength;
      before = client.socket.bytesWritten - client.socket.writableLength;
      return still;
    });
    expect(client.socket.writableLength).toBeGreaterThan(total / 2);
    paused?.resume();
    await client.arrived('done');
  });
});

describe('what the client is sent', () => {
  test.each([
    [
      'a body with a length',
      'HTTP/1.1 200 Fine\r\nX-A: 1\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nDate: x\r\nContent-Length: 2\r\n\r\nok',
    ],
    ['an answer without a body', 'HTTP/1.1 204 No Content\r\nX-A: 1\r\nDate: x\r\n\r\n'],
    [
      'a 304 with the length of what it stands for',
      'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nContent-Length: 9\r\nDate: x\r\n\r\n',
    ],
    [
      'an encoded body',
      'HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Type: application/json\r\nDate: x\r\nContent-Length: 3\r\n\r\n\x1f\x8b\x00',
    ],
    [
      'chunks',
      'HTTP/1.1 200 OK\r\nDate: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    ],
  ])('is %s, byte for byte, on a held route too', async (_what, wire) => {
    const origin = await serveRaw((socket, text) => {
      if (text.endsWith('\r\n\r\n')) socket.write(Buffer.from(wire, 'latin1'));
    });
    const proxy = await startProxy(origin.port, { routes: ['/*'], hold: { intervalMs: 2_000 } });
    const client = await rawClient(
      proxy.port,
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    );
    await client.close();
    expect(client.text.replace('Connection: close\r\n', '')).toBe(wire);
  });

  test('is no body for a HEAD, with the length of one', async () => {
    const port = await serve((req, res) => {
      if (req.method === 'HEAD') res.setHeader('Content-Length', '1234');
      res.end();
    });
    const proxy = await startProxy(port);
    const client = await rawClient(
      proxy.port,
      'HEAD /held HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    );
    await client.close();
    expect(client.text.match(/HTTP\/1.1 200/g)).toHaveLength(2);
    expect(client.text).toContain('Content-Length: 1234');
  });

  test('has the trailers of the target', async () => {
    const port = await serve((_req, res) => {
      res.setHeader('Trailer', 'X-Sum');
      res.write('body');
      res.addTrailers({ 'X-Sum': '4' });
      res.end();
    });
    const proxy = await startProxy(port);
    const { res, body } = await ask(proxy.port, '/');
    expect(body).toBe('body');
    expect(res.trailers).toEqual({ 'x-sum': '4' });
  });

  test('has a hint that comes before the answer', async () => {
    const port = await serve((_req, res) => {
      res.writeEarlyHints({ link: ['</a.css>; rel=preload', '</b.js>; rel=preload'] });
      res.writeProcessing();
      setTimeout(() => res.end('ok'), 30);
    });
    const proxy = await startProxy(port);
    const client = await rawClient(proxy.port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await client.arrived('200 OK');
    expect(client.text).toMatch(
      /^HTTP\/1.1 103 Early Hints\r\nLink: <\/a.css>; rel=preload, <\/b.js>/,
    );
    expect(client.text).toContain('HTTP/1.1 102 Processing\r\n\r\n');
  });

  test('comes as slowly as the client reads it, and whole', async () => {
    const total = 64 * 1024 * 1024;
    let written = 0;
    const port = await serve((_req, res) => {
      const piece = Buffer.alloc(256 * 1024, 'x');
      const more = (): void => {
        while (written < total) {
          written += piece.length;
          if (!res.write(piece)) return void res.once('drain', more);
        }
        res.end();
      };
      more();
    });
    const proxy = await startProxy(port);
    const req = request({ port: proxy.port, host: '127.0.0.1', path: '/', agent: false });
    const res = await new Promise<IncomingMessage>((resolve) => req.on('response', resolve).end());
    let before = -1;
    await until('nothing moves any more', () => {
      const still = before === written && written > 0;
      before = written;
      return still;
    });
    expect(written).toBeLessThan(total / 2);
    let length = 0;
    for await (const chunk of res) length += chunk.length;
    expect(length).toBe(total);
  });

  test('is the head at once, though the body takes its time', async () => {
    const port = await serve((_req, res) => {
      res.writeHead(200, { 'Content-Type': 'text/event-stream' });
      res.flushHeaders();
    });
    const proxy = await startProxy(port);
    const client = await rawClient(proxy.port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await client.arrived('\r\n\r\n');
    expect(client.text).toContain('text/event-stream');
  });

  test('is the answer that came while its body was still on the way', async () => {
    const port = await serve((_req, res) => {
      res.writeHead(413, { Connection: 'close' });
      res.end('too much');
    });
    const proxy = await startProxy(port);
    const client = await rawClient(
      proxy.port,
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nabc',
    );
    await client.arrived('too much');
    expect(client.text).toMatch(/^HTTP\/1.1 413/);
  });
});

describe('100 Continue', () => {
  test('comes when the target says it, and a refusal in its place', async () => {
    const server = createServer();
    let bodies = 0;
    server.on('checkContinue', (req, res) => {
      if (req.url === '/no') {
        res.writeHead(417, { 'Content-Length': 0 });
        res.end();
        return;
      }
      res.writeContinue();
      bodyOf(req).then((body) => {
        bodies += 1;
        res.end(body);
      });
    });
    const port = await serve(() => {}, server);
    const proxy = await startProxy(port);
    const post = (path: string): string =>
      `POST ${path} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n`;
    const refused = await rawClient(proxy.port, post('/no'));
    await refused.arrived('\r\n\r\n');
    expect(refused.text).toMatch(/^HTTP\/1.1 417/);

    const client = await rawClient(proxy.port, post('/held'));
    await client.arrived('HTTP/1.1 100 Continue\r\n\r\n');
    expect(bodies).toBe(0);
    client.send('hi');
    await client.arrived('\r\n\r\nhi');
  });

  test('comes from the proxy if the target does not know it', async () => {
    const origin = await serveRaw((socket, text) => {
      if (text.endsWith('hi')) socket.end('HTTP/1.0 200 OK\r\n\r\nthanks');
    });
    const proxy = await startProxy(origin.port);
    const client = await rawClient(
      proxy.port,
      'POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n',
    );
    await client.arrived('100 Continue');
    client.send('hi');
    await client.arrived('thanks');
  });
});

test('no word comes before the answer to a client of HTTP/1.0', async () => {
  const origin = await serveRaw((socket) => {
    socket.write('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
  });
  const proxy = await startProxy(origin.port);
  const client = await rawClient(
    proxy.port,
    'POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi',
  );
  await client.close();
  expect(client.text).toMatch(/^HTTP\/1.1 200/);
});

describe('the target', () => {
  test('may be a unix socket', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sidecar-'));
    const path = join(folder, 'socket');
    const server = createServer((_req, res) => res.end('by the socket'));
    await new Promise<void>((resolve) => server.listen(path, resolve));
    onTestFinished(() => {
      server.close();
      server.closeAllConnections();
      rmSync(folder, { recursive: true });
    });
    const proxy = await startProxy(`unix:${path}`);
    expect((await ask(proxy.port, '/')).body).toBe('by the socket');
  });

  test('may speak TLS, and must show a certificate that is known', async () => {
    const port = await serve((_req, res) => res.end('secret'), createHttpsServer(certificate));
    const trusting = await startProxy(`https://127.0.0.1:${port}`, {
      upstreamCa: certificate.cert,
    });
    expect((await ask(trusting.port, '/')).body).toBe('secret');
    const careful = await startProxy(`https://127.0.0.1:${port}`);
    const { res, body } = await ask(careful.port, '/');
    expect(res.statusCode).toBe(502);
    expect(JSON.parse(body)).toMatchObject({ code: 'upstream_tls' });
    const careless = await startProxy(`https://127.0.0.1:${port}`, { upstreamInsecure: true });
    expect((await ask(careless.port, '/')).body).toBe('secret');
  });

  test('gets several requests over one connection, until it is idle for too long', async () => {
    const origin = await serveRaw();
    const proxy = await startProxy(origin.port, { upstreamIdleMs: 150 });
    await ask(proxy.port, '/1');
    await ask(proxy.port, '/2');
    expect(origin.sockets).toHaveLength(1);
    await until('the proxy closes it first', () => origin.sockets[0]?.readableEnded === true);
    await ask(proxy.port, '/3');
    expect(origin.sockets).toHaveLength(2);
  });

  test('that says when it closes is left before', async () => {
    const origin = await serveRaw((socket, text) => {
      if (text.endsWith('\r\n\r\n')) {
        socket.write('HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 2\r\n\r\nok');
      }
    });
    const proxy = await startProxy(origin.port, { upstreamIdleMs: 60_000 });
    await ask(proxy.port, '/1');
    await ask(proxy.port, '/2');
    expect(origin.sockets).toHaveLength(2);
  });

  test('gets a POST once, whatever becomes of the connection', async () => {
    const origin = await serveRaw((socket, text) => {
      // The second request on a connection meets one that is closing.
      if (text.includes('POST')) socket.destroy();
      else if (text.endsWith('\r\n\r\n'))
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    });
    const proxy = await startProxy(origin.port);
    await ask(proxy.port, '/');
    const { res, body } = await ask(proxy.port, '/', { method: 'POST' }, 'x');
    expect(res.statusCode).toBe(502);
    expect(JSON.parse(body)).toMatchObject({ status: 502, code: 'upstream_closed' });
    expect(origin.received.join('').match(/POST/g)).toHaveLength(1);
  });
});
