import { once } from 'node:events';
import http, { type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import http2 from 'node:http2';
import { type AddressInfo, connect, type Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { createFaultyPath, type FaultSpec, type FaultyPath } from '../src/index.js';

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function serve(listener: RequestListener, faults: readonly FaultSpec[]): Promise<FaultyPath> {
  const server = http.createServer(listener);
  const path = await createFaultyPath({ target: await listen(server), faults });
  open.push(
    () => server.close(),
    () => server.closeAllConnections(),
    () => path.close(),
  );
  return path;
}

async function bodyOf(req: IncomingMessage): Promise<string> {
  let body = '';
  for await (const bytes of req) body += bytes;
  return body;
}

/** Everything that comes on a connection with one request on it, to its end. */
async function rawAnswer(path: FaultyPath, request: string): Promise<string> {
  const client = connect(path.port, '127.0.0.1');
  client.write(request);
  let text = '';
  for await (const bytes of client) text += String(bytes);
  return text;
}

/** Asks again and again on one connection that is kept alive. */
function keepAliveClient(path: FaultyPath) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  open.push(() => agent.destroy());
  return async (method = 'GET', body = '') => {
    const request = http.request(path.url, { agent, method }).end(body);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return { headers: response.headers, body: await bodyOf(response) };
  };
}

const GET = 'GET /a?b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';

describe('without faults', () => {
  test('a keep-alive connection passes unchanged', async () => {
    const path = await serve(async (req, res) => {
      res.setHeader('X-Method', req.method ?? '');
      res.end(await bodyOf(req));
    }, []);
    const ask = keepAliveClient(path);
    for (const body of ['one', 'two']) {
      expect(await ask('POST', body)).toMatchObject({ headers: { 'x-method': 'POST' }, body });
    }
    expect(path.connections).toHaveLength(1);
    const response = await fetch(path.url, { method: 'PUT', body: 'three' });
    expect([response.headers.get('x-method'), await response.text()]).toEqual(['PUT', 'three']);
  });

  test('HTTP/2 without TLS passes, many streams at a time', async () => {
    const server = http2.createServer((req, res) => res.end(req.url));
    const path = await createFaultyPath({ target: await listen(server) });
    const session = http2.connect(path.url);
    open.push(
      () => server.close(),
      () => path.close(),
      () => session.destroy(),
    );
    const urls = Array.from({ length: 20 }, (_, i) => `/${i}`);
    const answers = await Promise.all(
      urls.map(async (url) => {
        let text = '';
        for await (const bytes of session.request({ ':path': url })) text += bytes;
        return text;
      }),
    );
    expect(answers).toEqual(urls);
    expect(path.connections).toHaveLength(1);
  });

  test('an upgraded connection carries bytes both ways, and an idle kill ends it', async () => {
    const server = http.createServer();
    server.on('upgrade', (_req, socket) => {
      socket.on('error', () => {});
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: upgrade\r\n\r\n',
      );
      socket.pipe(socket);
    });
    const path = await createFaultyPath({
      target: await listen(server),
      faults: [{ type: 'idle-kill', afterMs: 300 }],
    });
    open.push(
      () => server.close(),
      () => path.close(),
    );
    const request = http.get(path.url, { headers: { Upgrade: 'echo', Connection: 'upgrade' } });
    const [, socket] = await once(request, 'upgrade');
    socket.write('ping');
    expect(String((await once(socket, 'data'))[0])).toBe('ping');
    await expect(once(socket, 'data')).rejects.toMatchObject({ code: 'ECONNRESET' });
  });
});

test('fetch rejects when an answer is cut in its body', async () => {
  const path = await serve(
    (_req, res) => res.end(JSON.stringify({ answer: 'x'.repeat(100) })),
    [{ type: 'cut', atByte: 20, from: 'body' }],
  );
  const response = await fetch(path.url);
  expect(response.status).toBe(200);
  await expect(response.json()).rejects.toThrow('terminated');
});

const broken: RequestListener = (_req, res) => {
  res.write('{"half":', () => setTimeout(() => res.destroy(), 50));
};

describe('buffer', () => {
  const slowly: RequestListener = async (_req, res) => {
    for (let i = 0; i < 6; i++) {
      res.write(String(i));
      await delay(60);
    }
    res.end('end');
  };

  async function piecesOf(path: FaultyPath) {
    const response = await fetch(path.url);
    const pieces: string[] = [];
    const decoder = new TextDecoder();
    for await (const bytes of response.body ?? []) pieces.push(decoder.decode(bytes));
    return pieces;
  }

  test('holds an answer back until it is complete', async () => {
    const path = await serve(slowly, [{ type: 'buffer' }]);
    const ask = keepAliveClient(path);
    const start = performance.now();
    for (let i = 0; i < 2; i++) expect((await ask()).body).toBe('012345end');
    expect(performance.now() - start).toBeGreaterThan(600);
    expect(path.connections).toHaveLength(1);
  });

  test('gives what it has kept before it passes a break on', async () => {
    const path = await serve(broken, [{ type: 'buffer' }]);
    const answer = await rawAnswer(path, GET);
    expect(answer).toMatch(/\r\n\r\n8\r\n\{"half":\r\n$/);
    expect((await path.closed(1)).end).toMatchObject({ by: 'target' });
  });

  test('lets so many bytes go at once', async () => {
    const path = await serve(slowly, [{ type: 'buffer', untilBytes: 3 }]);
    expect(await piecesOf(path)).toEqual(['012', '345', 'end']);
  });

  test('lets go what was kept for so long', async () => {
    const path = await serve(
      async (_req, res) => {
        res.write('a');
        res.write('b');
        await delay(500);
        res.end('c');
      },
      [{ type: 'buffer', untilMs: 100 }],
    );
    expect(await piecesOf(path)).toEqual(['ab', 'c']);
  });
});

describe('lying-end', () => {
  test('ends an answer early and in good order', async () => {
    const path = await serve(
      (_req, res) => res.end('0123456789'),
      [{ type: 'lying-end', atByte: 4 }],
    );
    const answer = await rawAnswer(path, GET);
    expect(answer).toContain('Transfer-Encoding: chunked');
    expect(answer).toMatch(/\r\n\r\n4\r\n0123\r\n0\r\n\r\n$/);
    expect(answer).not.toMatch(/content-length/i);
    const response = await fetch(path.url);
    expect(await response.text()).toBe('0123');
  });

  test('makes a whole answer of a broken one', async () => {
    const path = await serve(broken, [{ type: 'lying-end' }]);
    expect(await (await fetch(path.url)).text()).toBe('{"half":');
  });

  test('without it the same answer is an error', async () => {
    const path = await serve(broken, []);
    const response = await fetch(path.url);
    await expect(response.text()).rejects.toThrow('terminated');
  });
});

describe('http-1.0', () => {
  test('asks like nginx and answers in chunks', async () => {
    const path = await serve(
      async (req: IncomingMessage, res: ServerResponse) => {
        res.setHeader('Keep-Alive', 'timeout=5');
        res.write(`HTTP/${req.httpVersion} ${req.method} ${req.url}\n`);
        res.end(JSON.stringify([req.headers, await bodyOf(req)]));
      },
      [{ type: 'http-1.0' }],
    );
    const answer = await rawAnswer(
      path,
      'POST /a?b HTTP/1.1\r\nHost: x\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nX-End: 2\r\nTE: trailers\r\n' +
        'Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(answer).toContain('HTTP/1.0 POST /a?b\n');
    expect(answer).toContain(
      '[{"host":"x","x-end":"2","content-length":"3","connection":"close"},"abc"]',
    );
    expect(answer).toContain('Transfer-Encoding: chunked\r\n');
    expect(answer).not.toContain('timeout=5');
    expect(answer).toMatch(/\r\n0\r\n\r\n$/);
  });

  test('takes the FIN of a server that broke off for the end, as nginx does', async () => {
    const path = await serve(
      (_req, res) => {
        res.write('{"half":', () => res.destroy());
      },
      [{ type: 'http-1.0' }],
    );
    expect(await (await fetch(path.url)).text()).toBe('{"half":');
  });

  test('and sees a reset, which it passes on as a cut', async () => {
    const path = await serve(
      (_req, res) => {
        res.write('{"half":', () => setTimeout(() => res.socket?.resetAndDestroy(), 50));
      },
      [{ type: 'http-1.0' }],
    );
    const answer = await rawAnswer(path, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(answer).toMatch(/\r\n\r\n8\r\n\{"half":\r\n$/);
  });

  test('one connection of the client is many to the server', async () => {
    const sockets = new Set();
    const path = await serve(
      (req, res) => {
        sockets.add(req.socket);
        res.end('ok');
      },
      [{ type: 'http-1.0' }],
    );
    const ask = keepAliveClient(path);
    for (let i = 0; i < 3; i++) expect((await ask()).body).toBe('ok');
    expect(sockets.size).toBe(3);
    expect(path.connections).toHaveLength(1);
  });

  test('a target that does not listen is a 502', async () => {
    await using path = await createFaultyPath({ target: 1, faults: [{ type: 'http-1.0' }] });
    expect((await fetch(path.url)).status).toBe(502);
  });

  test('a client that leaves is a disconnect for the server', async () => {
    let left = false;
    const path = await serve(
      (_req, res) => {
        res.write('x');
        res.on('close', () => {
          left = true;
        });
      },
      [{ type: 'http-1.0' }],
    );
    const leaving = new AbortController();
    const response = await fetch(path.url, { signal: leaving.signal });
    leaving.abort();
    await response.text().catch(() => {});
    await path.waitFor(() => left);
    await path.closed(1);
  });
});
