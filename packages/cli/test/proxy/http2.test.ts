import { createServer } from 'node:http';
import http2, { type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2';
import { connect as connectTls } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { certificate } from '../../../node/test/held/support/certificate.js';
import { bodyOf, serve, serveRaw } from './support/origin.js';
import { startProxy } from './support/proxy.js';
import { until } from './support/until.js';

const TLS = { tls: certificate };

function session(url: string): ClientHttp2Session {
  const client = http2.connect(url, { rejectUnauthorized: false });
  client.on('error', () => {});
  onTestFinished(() => client.destroy());
  return client;
}

interface Reply {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly rstCode: number | undefined;
  readonly trailers: IncomingHttpHeaders;
}

async function ask(
  client: ClientHttp2Session,
  headers: http2.OutgoingHttpHeaders,
  body?: string,
): Promise<Reply> {
  const stream = client.request(headers);
  let head: IncomingHttpHeaders = {};
  let trailers: IncomingHttpHeaders = {};
  let text = '';
  let isOver = false;
  stream.on('response', (given) => {
    head = given;
  });
  stream.on('trailers', (given) => {
    trailers = given;
  });
  stream.on('data', (chunk) => {
    text += chunk;
  });
  stream.on('error', () => {});
  stream.on('close', () => {
    isOver = true;
  });
  stream.end(body);
  await until('the stream is over', () => isOver);
  return { headers: head, body: text, rstCode: stream.rstCode, trailers };
}

function openTls(port: number, text: string): { text: () => string; closed: () => boolean } {
  const socket = connectTls({
    port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    ALPNProtocols: ['http/1.1'],
  });
  let received = '';
  let closed = false;
  socket.on('secureConnect', () => socket.write(text));
  socket.on('data', (chunk) => {
    received += chunk;
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    closed = true;
  });
  onTestFinished(() => void socket.destroy());
  return { text: () => received, closed: () => closed };
}

test('TLS without a certificate is no TLS', async () => {
  const given = JSON.parse('{}');
  await expect(startProxy(1, { tls: given })).rejects.toThrow('tls: cert must be PEM');
});

describe('over HTTP/2', () => {
  test('a request goes on as HTTP/1.1, with one Cookie and its own Host', async () => {
    const port = await serve(async (req, res) => {
      const body = await bodyOf(req);
      res.setHeader('Set-Cookie', ['a=1', 'b=2']);
      res.setHeader('Trailer', 'X-Sum');
      res.write(JSON.stringify({ body, raw: req.rawHeaders, url: req.url }));
      res.addTrailers({ 'X-Sum': '1' });
      res.end();
    });
    const proxy = await startProxy(port, TLS);
    const reply = await ask(
      session(proxy.url),
      {
        ':method': 'POST',
        ':path': '/x?y',
        ':authority': 'public.example',
        cookie: ['c=1', 'd=2'],
      },
      'hello',
    );
    const { body, raw, url } = JSON.parse(reply.body);
    expect({ body, url }).toEqual({ body: 'hello', url: '/x?y' });
    const text = raw.join('|');
    expect(text).toContain('Host|public.example');
    expect(text).toContain('Cookie|c=1; d=2');
    expect(text).toContain('Transfer-Encoding|chunked');
    expect(text).toContain('X-Forwarded-Proto|https');
    expect(text).not.toContain(':');
    expect(reply.headers['set-cookie']).toEqual(['a=1', 'b=2']);
    expect(reply.trailers).toMatchObject({ 'x-sum': '1' });
  });

  test('what stands twice in an answer, and may stand once, harms nobody', async () => {
    const twice = ['X-Content-Type-Options: nosniff', 'Content-Type: a/b', 'Date: a', 'Vary: a'];
    const origin = await serveRaw((socket, text) => {
      if (!text.endsWith('\r\n\r\n')) return;
      const fields = [...twice, ...twice, 'Date: b', 'Content-Length: 2'].join('\r\n');
      socket.write(`HTTP/1.1 200 OK\r\n${fields}\r\n\r\nok`);
    });
    const proxy = await startProxy(origin.port, TLS);
    const reply = await ask(session(proxy.url), { ':path': '/' });
    expect(reply.body).toBe('ok');
    expect(reply.headers).toMatchObject({
      ':status': 200,
      'x-content-type-options': 'nosniff',
      'content-type': 'a/b',
      date: 'a',
      vary: 'a, a',
    });
  });

  test('an answer that cannot be sent leaves nothing in the one that stands in its place', async () => {
    const origin = await serveRaw((socket) => {
      socket.write(
        'HTTP/1.1 600 OK\r\nContent-Encoding: gzip\r\nSet-Cookie: a=b\r\nContent-Length: 2\r\n\r\nok',
      );
    });
    const proxy = await startProxy(origin.port, TLS);
    const reply = await ask(session(proxy.url), { ':path': '/' });
    expect(reply.headers).toMatchObject({ ':status': 502 });
    expect(Object.keys(reply.headers)).not.toContain('content-encoding');
    expect(Object.keys(reply.headers)).not.toContain('set-cookie');
    expect(JSON.parse(reply.body)).toMatchObject({ code: 'upstream_invalid' });
  });

  test('a late answer is held, and a failure of the target is a reset', async () => {
    const port = await serve((req, res) => {
      if (req.url?.endsWith('/cut') === true) {
        res.writeHead(200, { 'Content-Type': 'application/json' });
        res.write('{"a":');
        setTimeout(() => res.destroy(), 50);
        return;
      }
      setTimeout(() => {
        res.setHeader('Content-Type', 'application/json');
        res.end('{"answer":42}');
      }, 500);
    });
    const proxy = await startProxy(port, TLS);
    const client = session(proxy.url);
    const held = await ask(client, { ':path': '/held' });
    expect(held.body).toMatch(/^\n+\{"answer":42\}$/);
    expect(held.headers.holdopen).toBe('interval=100, format=json');
    for (const path of ['/held/cut', '/other/cut']) {
      const cut = await ask(client, { ':path': path });
      expect(cut.body, path).toContain('{"a":');
      expect(cut.rstCode, path).not.toBe(0);
    }
  });

  test('a late error ends in a reset, which is not taken for a client that left', async () => {
    const port = await serve((_req, res) => {
      setTimeout(() => {
        res.writeHead(500, { 'Content-Type': 'application/json' }).end('{"error":"late"}');
      }, 500);
    });
    const proxy = await startProxy(port, TLS);
    const reply = await ask(session(proxy.url), { ':path': '/held' });
    expect(reply.rstCode).not.toBe(0);
    await until('it is logged', () => proxy.log.length === 1);
    expect(proxy.log[0]).toMatchObject({ status: 500, held: { ended: 'failed', lateStatus: 500 } });
    expect(proxy.log[0]?.left).toBeUndefined();
  });

  test('a stream that its client resets ends the request to the target', async () => {
    const origin = await serveRaw(() => {});
    const proxy = await startProxy(origin.port, TLS);
    const stream = session(proxy.url).request({ ':path': '/held' });
    stream.on('error', () => {});
    await until('the target has it', () => origin.sockets.length === 1);
    stream.close(http2.constants.NGHTTP2_CANCEL);
    await until('the target is told', () => origin.sockets[0]?.closed === true);
    await until('it is logged', () => proxy.log[0]?.left === true);
  });

  test.each(['abort', 'continue'] as const)(
    'a body that is broken off is never taken for a whole one: onDisconnect %s',
    async (onDisconnect) => {
      const origin = await serveRaw(() => {});
      const proxy = await startProxy(origin.port, { ...TLS, hold: { onDisconnect } });
      const stream = session(proxy.url).request({ ':method': 'POST', ':path': '/held' });
      stream.on('error', () => {});
      stream.write('hi');
      await until('the target has it', () => origin.received[0]?.endsWith('hi\r\n') === true);
      stream.destroy(new Error('The client breaks off.'));
      await until('the target is told', () => origin.sockets[0]?.closed === true);
      expect(origin.received[0]).not.toMatch(/0\r\n\r\n$/);
    },
  );

  test('a body that never ends is given up, and the target is told', async () => {
    const origin = await serveRaw(() => {});
    const proxy = await startProxy(origin.port, { ...TLS, requestMs: 500 });
    const client = session(proxy.url);
    const stream = client.request({ ':method': 'POST', ':path': '/' });
    stream.on('error', () => {});
    stream.write('hi');
    await until('the stream is over', () => stream.closed);
    expect(stream.rstCode).not.toBe(0);
    await until('the target is told', () => origin.sockets[0]?.closed === true);
  });

  test('extended CONNECT and CONNECT are refused', async () => {
    const origin = await serveRaw();
    const proxy = await startProxy(origin.port, TLS);
    const client = session(proxy.url);
    await until(
      'the settings came',
      () => client.remoteSettings.maxConcurrentStreams !== undefined,
    );
    expect(client.remoteSettings.enableConnectProtocol).not.toBe(true);
    const connect = await ask(client, { ':method': 'CONNECT', ':authority': 'a:1' });
    expect(Number(connect.headers[':status'])).toBe(405);
    expect(origin.sockets).toHaveLength(0);
  });

  test.each([
    ['a path that is none', { ':path': 'smuggled' }],
    ['a path of another host', { ':path': 'http://a@b/' }],
    ['an authority with a path', { ':path': '/', ':authority': 'a/b' }],
    ['a host that is not the authority', { ':path': '/', ':authority': 'a', host: 'b' }],
    ['a path with a space', { ':path': '/a HTTP/1.1 x' }],
  ])('%s is refused', async (_what, headers) => {
    const origin = await serveRaw();
    const proxy = await startProxy(origin.port, TLS);
    const reply = await ask(session(proxy.url), headers);
    expect(Number(reply.headers[':status']) === 400 || reply.rstCode !== 0).toBe(true);
    expect(origin.received.join('')).not.toMatch(/smuggled|a HTTP/);
  });

  test('who speaks HTTP/1.1 over TLS may change the protocol, too', async () => {
    const server = createServer();
    server.on('upgrade', (_req, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n');
      socket.pipe(socket);
    });
    const proxy = await startProxy(await serve(() => {}, server), TLS);
    const socket = openTls(
      proxy.port,
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nhello',
    );
    await until('the echo is there', () => socket.text().endsWith('\r\n\r\nhello'));
  });

  test('who speaks HTTP/1.1 over TLS may offer what is not taken up', async () => {
    const origin = await serveRaw();
    const proxy = await startProxy(origin.port, TLS);
    const socket = openTls(
      proxy.port,
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n',
    );
    await until('it is answered', () => socket.text().endsWith('ok'));
    await until('it is the last one', socket.closed);
  });

  test('who speaks HTTP/1.1 over TLS is served as well, and not for ever', async () => {
    const origin = await serveRaw();
    const proxy = await startProxy(origin.port, { ...TLS, headMs: 300 });
    const good = openTls(proxy.port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await until('it is answered', () => good.text().endsWith('ok'));
    expect(origin.received[0]).toContain('X-Forwarded-Proto: https');
    const slow = openTls(proxy.port, 'GET / HTTP/1.1\r\nHost: a\r\n');
    await until('it is given up', slow.closed);
    expect(slow.text()).toMatch(/^HTTP\/1.1 408/);
  });
});
