import { gzipSync } from 'node:zlib';
import { parseLateHead } from '@holdopen/core';
import { describe, expect, test } from 'vitest';
import { bodyOf, type Handler, serve, serveRaw } from './support/origin.js';
import { startProxy } from './support/proxy.js';
import { rawClient } from './support/raw-client.js';
import { until } from './support/until.js';

const SILENCE_MS = 600;

/** Silent, then whatever it is. */
function slowly(handler: Handler): Handler {
  return (req, res) => void setTimeout(() => handler(req, res), SILENCE_MS);
}

const json = (value: unknown): Handler =>
  slowly((_req, res) => {
    res.setHeader('Content-Type', 'application/json');
    res.end(JSON.stringify(value));
  });

function get(path = '/held', more = ''): string {
  return `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;
}

/** The chunks put together. */
function payload(text: string): string {
  let rest = text.slice(text.indexOf('\r\n\r\n') + 4);
  let body = '';
  for (;;) {
    const size = /^([\da-f]+)\r\n/i.exec(rest);
    if (size === null) return body;
    const length = Number.parseInt(size[1] ?? '0', 16);
    body += rest.slice(size[0].length, size[0].length + length);
    rest = rest.slice(size[0].length + length + 2);
  }
}

describe('an answer that comes late', () => {
  test('is preceded by white space, and is the same JSON', async () => {
    const proxy = await startProxy(await serve(json({ answer: 42 })));
    const client = await rawClient(proxy.port, get());
    await client.arrived('0\r\n\r\n');
    expect(client.text).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    expect(client.text).toContain('HoldOpen: interval=100, format=json');
    expect(payload(client.text)).toMatch(/^\n{2,}\{"answer":42\}$/);
    await until('it is logged', () => proxy.log.length === 1);
    expect(proxy.log[0]).toMatchObject({
      route: '/held*',
      status: 200,
      held: { ended: 'complete' },
    });
  });

  test('is held by the path of a target in absolute form, too', async () => {
    const proxy = await startProxy(await serve(json({ answer: 42 })));
    const client = await rawClient(
      proxy.port,
      'GET http://a.example/held HTTP/1.1\r\nHost: a.example\r\n\r\n',
    );
    await client.arrived('0\r\n\r\n');
    expect(payload(client.text)).toMatch(/^\n+\{"answer":42\}$/);
    await until('it is logged', () => proxy.log[0]?.route === '/held*');
  });

  test('is not held on a route that was not named', async () => {
    const proxy = await startProxy(await serve(json({ answer: 42 })));
    const client = await rawClient(proxy.port, get('/other', 'Accept: application/json\r\n'));
    await client.arrived('42');
    expect(client.text).not.toContain('HoldOpen');
    expect(client.text).toMatch(/Content-Length: 13\r\n/i);
  });

  test('has its true status and headers in the late head, and names what could not travel', async () => {
    const handler: Handler = (_req, res) => {
      res.writeHead(201, {
        'Content-Type': 'application/json',
        Location: '/things/1',
        'Set-Cookie': 'a=1',
        'X-Internal': '1',
      });
      res.end('{}');
    };
    const proxy = await startProxy(await serve(slowly(handler)), { admin: '127.0.0.1:0' });
    const client = await rawClient(proxy.port, get());
    await client.arrived('0\r\n\r\n');
    const late = /\r([ \t]+)\r/.exec(payload(client.text))?.[0] ?? '';
    expect(parseLateHead(late)).toMatchObject({
      status: 201,
      headers: [['location', '/things/1']],
    });
    await until('it is logged', () => proxy.log.length === 1);
    expect(proxy.log[0]?.held).toMatchObject({
      lateStatus: 201,
      droppedHeaders: expect.arrayContaining(['set-cookie']),
    });
    const metrics = await (await fetch(`${proxy.adminUrl}/metrics`)).text();
    expect(metrics).toContain('holdopen_proxy_late_headers_dropped_total{header="set-cookie"} 1');
    expect(metrics).toContain('holdopen_proxy_late_total{route="/held*",status="201"} 1');
  });

  test.each([
    ['a redirect', 302, { Location: '/elsewhere' }],
    ['an error', 422, { 'Content-Type': 'application/json' }],
  ])('and is %s cannot be taken for a success, and is told of', async (_what, status, headers) => {
    const handler: Handler = (_req, res) => res.writeHead(status, headers).end('{"error":"no"}');
    const proxy = await startProxy(await serve(slowly(handler)));
    const client = await rawClient(proxy.port, get());
    await client.close();
    expect(client.text.endsWith('0\r\n\r\n')).toBe(false);
    expect(() => JSON.parse(payload(client.text))).toThrow();
    await until('it is logged', () => proxy.log.length === 1);
    expect(proxy.log[0]).toMatchObject({ status, held: { lateStatus: status } });
  });

  test('is decoded if it comes encoded, and only codings that can be are asked for', async () => {
    let asked: unknown;
    const handler: Handler = (req, res) => {
      asked = req.headers['accept-encoding'];
      res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' });
      res.end(gzipSync('{"answer":42}'));
    };
    const proxy = await startProxy(await serve(slowly(handler)));
    const client = await rawClient(
      proxy.port,
      get('/held', 'Accept-Encoding: zstd, gzip;q=0.5, br, *\r\n'),
    );
    await client.arrived('0\r\n\r\n');
    expect(payload(client.text).trim()).toBe('{"answer":42}');
    expect(asked).toBe('gzip;q=0.5, br');
  });

  test('is asked for without conditions, so that no 304 comes late', async () => {
    let headers: Record<string, unknown> = {};
    const port = await serve(async (req, res) => {
      headers = req.headers;
      await bodyOf(req);
      res.end('ok');
    });
    const proxy = await startProxy(port);
    const conditions = 'If-None-Match: "a"\r\nRange: bytes=0-1\r\nIf-Match: "b"\r\n';
    await (await rawClient(proxy.port, get('/held', conditions))).arrived('ok');
    expect(headers).not.toHaveProperty('if-none-match');
    expect(headers).not.toHaveProperty('range');
    expect(headers).toHaveProperty('if-match');
    await (await rawClient(proxy.port, get('/other', conditions))).arrived('ok');
    expect(headers).toHaveProperty('if-none-match');
    // It creates and does not ask: the condition is the client's protection.
    const put = `PUT /held HTTP/1.1\r\nHost: a\r\nIf-None-Match: *\r\nContent-Length: 0\r\n\r\n`;
    await (await rawClient(proxy.port, put)).arrived('ok');
    expect(headers).toHaveProperty('if-none-match');
  });

  test('is cut off when the silence has been too long, and the target is told', async () => {
    const origin = await serveRaw(() => {});
    const proxy = await startProxy(origin.port, { hold: { intervalMs: 100, maxSilenceMs: 500 } });
    const client = await rawClient(proxy.port, get());
    await client.close();
    expect(client.text).toContain('504');
    expect(client.text.endsWith('0\r\n\r\n')).toBe(false);
    await until('the target is told', () => origin.sockets[0]?.closed === true);
  });

  test('is waited for in HTTP/1.0, too', async () => {
    const proxy = await startProxy(await serve(json({ answer: 42 })));
    const client = await rawClient(proxy.port, 'GET /held HTTP/1.0\r\n\r\n');
    await client.close();
    expect(client.text).toMatch(/\r\n\r\n\n+\{"answer":42\}$/);
  });
});

describe('over all routes', () => {
  test('only clients that accept nothing else are held', async () => {
    const proxy = await startProxy(await serve(json({ answer: 42 })), { routes: [], global: true });
    const narrow = await rawClient(proxy.port, get('/any', 'Accept: application/json\r\n'));
    const wide = await rawClient(proxy.port, get('/any', 'Accept: application/json, */*\r\n'));
    const conditional = await rawClient(
      proxy.port,
      get('/any', 'Accept: application/json\r\nIf-None-Match: "a"\r\n'),
    );
    for (const client of [narrow, wide, conditional]) await client.arrived('42');
    expect(narrow.text).toContain('HoldOpen');
    expect(wide.text).not.toContain('HoldOpen');
    expect(conditional.text).not.toContain('HoldOpen');
  });
});

test('answers in a pipeline come in turn, each held in its own', async () => {
  const seen: string[] = [];
  const port = await serve((req, res) => {
    seen.push(`${req.url} begins`);
    setTimeout(() => {
      seen.push(`${req.url} ends`);
      res.setHeader('Content-Type', 'application/json');
      res.end(`{"url":"${req.url}"}`);
    }, 300);
  });
  const proxy = await startProxy(port);
  const paths = ['/held/1', '/held/2', '/held/3'];
  const client = await rawClient(proxy.port, paths.map((path) => get(path)).join(''));
  await client.arrived('/held/3"');
  expect(client.text.match(/HoldOpen/g)).toHaveLength(3);
  expect(seen).toEqual(paths.flatMap((path) => [`${path} begins`, `${path} ends`]));
});

describe('an event stream', () => {
  test('gets comments where it is silent, and its own bytes as they are', async () => {
    const port = await serve((_req, res) => {
      res.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
      res.write(': own beat\n\nid: 1\ndata: a\n\nda');
      setTimeout(() => res.end('ta: b\n\n'), SILENCE_MS);
    });
    const proxy = await startProxy(port);
    const client = await rawClient(proxy.port, get());
    await client.arrived('0\r\n\r\n');
    // In the middle of a line nothing may stand.
    expect(payload(client.text)).toBe(': own beat\n\nid: 1\ndata: a\n\ndata: b\n\n');
  });

  test('gets its beats between events', async () => {
    const port = await serve((_req, res) => {
      res.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
      res.write('data: a\n\n');
      setTimeout(() => res.end('data: b\n\n'), SILENCE_MS);
    });
    const proxy = await startProxy(port);
    const client = await rawClient(proxy.port, get());
    await client.arrived('0\r\n\r\n');
    expect(payload(client.text)).toMatch(/^data: a\n\n(: [^\n]*\n\n){2,}data: b\n\n$/);
  });

  test('is asked for without a coding', async () => {
    let asked: unknown;
    const port = await serve((req, res) => {
      asked = req.headers['accept-encoding'];
      res.end();
    });
    const proxy = await startProxy(port);
    const client = await rawClient(
      proxy.port,
      get('/held', 'Accept: text/event-stream\r\nAccept-Encoding: gzip\r\n'),
    );
    await client.arrived('200 OK');
    expect(asked).toBe('identity');
  });
});

describe('a target that fails', () => {
  test('before its answer is answered for with a problem', async () => {
    const proxy = await startProxy(1);
    const client = await rawClient(proxy.port, get());
    await client.arrived('}');
    expect(client.text).toMatch(
      /^HTTP\/1.1 502 Bad Gateway\r\nContent-Type: application\/problem\+json/,
    );
    expect(client.text).toContain('"code":"upstream_refused"');
    expect(client.text).not.toContain('127.0.0.1');
  });

  test('to be connected to, for whatever reason, has not carried anything out', async () => {
    // The system calls this ENOTDIR, and too many open files EMFILE: there is no end of such names.
    const proxy = await startProxy('unix:/dev/null/app.sock');
    const client = await rawClient(proxy.port, get());
    await client.arrived('}');
    expect(client.text).toContain('"code":"upstream_refused"');
    expect(client.text).not.toContain('carried out');
  });

  test('while it is held cannot be taken for a success', async () => {
    const origin = await serveRaw(() => {});
    const proxy = await startProxy(origin.port);
    const client = await rawClient(proxy.port, get());
    await client.arrived('HoldOpen');
    origin.sockets[0]?.destroy();
    await client.close();
    expect(payload(client.text)).toContain('"completion_status":502');
    expect(() => JSON.parse(payload(client.text))).toThrow();
    await until('it is logged', () => proxy.log.length === 1);
    expect(proxy.log[0]).toMatchObject({ status: 502, failure: 'upstream_closed' });
  });

  test.each([
    ['with a length', 'Content-Length: 100\r\n', '{"a":'],
    ['in chunks', 'Transfer-Encoding: chunked\r\n', '5\r\n{"a":\r\n'],
  ])('in the middle of a body %s never brings a clean end', async (_how, fields, body) => {
    for (const path of ['/held', '/other']) {
      for (const version of ['1.1', '1.0']) {
        const origin = await serveRaw((socket) => {
          socket.write(`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n${fields}\r\n${body}`);
          setTimeout(() => socket.destroy(), 50);
        });
        const proxy = await startProxy(origin.port);
        const client = await rawClient(
          proxy.port,
          `GET ${path} HTTP/${version}\r\nHost: a\r\n\r\n`,
        );
        await client.close();
        expect(client.text).toContain('{"a":');
        expect(client.text.endsWith('0\r\n\r\n')).toBe(false);
        const isDelimited = /Content-Length|Transfer-Encoding/.test(client.text);
        await until(
          'the end is no regular one',
          () => isDelimited || client.error === 'ECONNRESET',
        );
        await until('it is logged', () => proxy.log.length === 1);
        expect(proxy.log[0]).toMatchObject({ failure: 'upstream_closed' });
      }
    }
  });
});

test('a body without a length whose connection is reset never brings a clean end', async () => {
  for (const path of ['/held', '/other']) {
    const origin = await serveRaw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[1');
      setTimeout(() => socket.resetAndDestroy(), 50);
    });
    const proxy = await startProxy(origin.port);
    const client = await rawClient(proxy.port, get(path));
    await client.close();
    expect(client.text).toContain('[1');
    expect(client.text.endsWith('0\r\n\r\n')).toBe(false);
  }
});

describe('a client that leaves', () => {
  test.each(['/held', '/other'])('from %s ends the request to the target', async (path) => {
    const origin = await serveRaw(() => {});
    const proxy = await startProxy(origin.port);
    const client = await rawClient(proxy.port, get(path));
    await until('the target has it', () => origin.sockets.length === 1);
    client.socket.destroy();
    await until('the target is told', () => origin.sockets[0]?.closed === true);
    await until('it is logged', () => proxy.log[0]?.left === true);
  });

  test('is logged with the beats that it got', async () => {
    const origin = await serveRaw(() => {});
    const proxy = await startProxy(origin.port);
    const client = await rawClient(proxy.port, get());
    await client.arrived('1\r\n\n\r\n');
    client.socket.destroy();
    await until('it is logged', () => proxy.log.length === 1);
    expect(proxy.log[0]).toMatchObject({ left: true, held: { ended: 'disconnected' } });
    expect(proxy.log[0]?.held?.beats).toBeGreaterThan(0);
  });

  test('ends what it has in a pipeline, and the rest is never begun', async () => {
    const origin = await serveRaw(() => {});
    const proxy = await startProxy(origin.port);
    const client = await rawClient(proxy.port, get('/1') + get('/2'));
    await until('the target has it', () => origin.sockets.length === 1);
    client.socket.destroy();
    await until('the target is told', () => origin.sockets[0]?.closed === true);
    await until('it is logged', () => proxy.log.length === 1);
    expect(origin.received).toHaveLength(1);
  });

  test('leaves the work behind alone if that was asked for', async () => {
    let isDone = false;
    const handler: Handler = (_req, res) => {
      res.once('close', () => {
        isDone = res.writableFinished;
      });
      setTimeout(() => {
        res.write('x'.repeat(100_000));
        res.end('y');
      }, SILENCE_MS);
    };
    const proxy = await startProxy(await serve(handler), {
      hold: { intervalMs: 100, onDisconnect: 'continue' },
    });
    const client = await rawClient(proxy.port, get());
    await client.arrived('HoldOpen');
    client.socket.destroy();
    await until('the work is done', () => isDone);
  });

  test('without having read all leaves the work behind alone, too', async () => {
    let isDone = false;
    const handler: Handler = (_req, res) => {
      res.once('close', () => {
        isDone = res.writableFinished;
      });
      res.end(Buffer.alloc(64 * 1_048_576));
    };
    const proxy = await startProxy(await serve(handler), {
      hold: { intervalMs: 100, onDisconnect: 'continue' },
    });
    const client = await rawClient(proxy.port, get());
    await client.arrived('HTTP/1.1 200');
    client.socket.pause();
    let taken = -1;
    // As much has come as fits in on the way.
    while (taken !== client.socket.bytesRead) {
      taken = client.socket.bytesRead;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(isDone).toBe(false);
    client.socket.destroy();
    await until('the work is done', () => isDone);
  });

  test.each(['', 'Expect: 100-continue\r\n'])(
    'in the middle of its body, with its answer in hand, ends the request to the target: %j',
    async (expectation) => {
      const origin = await serveRaw((socket, text) => {
        if (text.includes('\r\n\r\n') && !text.endsWith('more')) {
          socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno');
        }
      });
      const proxy = await startProxy(origin.port);
      const client = await rawClient(
        proxy.port,
        `POST / HTTP/1.1\r\nHost: a\r\n${expectation}Content-Length: 1000\r\n\r\n${expectation === '' ? 'hi' : ''}`,
      );
      await client.arrived('\r\n\r\nno');
      if (expectation === '') {
        client.send('more');
        await until('the rest goes on', () => origin.received[0]?.endsWith('more') === true);
      }
      client.socket.destroy();
      await until('the target is told', () => origin.sockets[0]?.closed === true);
    },
  );
});

describe('a proxy that is closed', () => {
  test('lets answers end, tells all others, and leaves its neighbours alone', async () => {
    let answer = (): void => {};
    const port = await serve((req, res) => {
      if (req.url === '/held/ends') answer = () => void res.end('{"answer":42}');
      if (req.url !== '/held/events') return;
      res.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
      res.write('data: a\n\n');
    });
    const proxy = await startProxy(port, { drainMs: 700 });
    const neighbour = await startProxy(port);
    const ends = await rawClient(proxy.port, get('/held/ends'));
    const silent = await rawClient(proxy.port, get('/held/silent'));
    const other = await rawClient(proxy.port, get('/other'));
    const events = await rawClient(proxy.port, get('/held/events'));
    const next = await rawClient(neighbour.port, get('/held/silent'));
    for (const client of [ends, silent, next]) await client.arrived('HoldOpen');
    await events.arrived('data: a');
    const closed = proxy.close();
    await events.close();
    expect(events.text).toMatch(/retry: \d+\n\n\r\n0\r\n\r\n$/);
    answer();
    await ends.close();
    expect(ends.text).toContain('{"answer":42');
    await closed;
    expect(payload(silent.text)).toContain('"completion_status":503');
    expect(other.text).toMatch(/^HTTP\/1.1 503 Service Unavailable\r\n(.*\r\n)*Retry-After: 5\r\n/);
    expect(next.closed).toBe(false);
    expect(proxy.log.map(({ status }) => status).sort()).toEqual([200, 200, 503, 503]);
  });

  test('says with an answer that nothing more is taken, and begins nothing behind it', async () => {
    const origin = await serveRaw(() => {});
    const proxy = await startProxy(origin.port, { drainMs: 5_000 });
    const client = await rawClient(proxy.port, get('/first') + get('/second'));
    await until('the target has it', () => origin.sockets.length === 1);
    const closed = proxy.close();
    origin.sockets[0]?.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    await client.close();
    await closed;
    expect(client.text).toMatch(/^HTTP\/1.1 200 OK\r\n(.*\r\n)*Connection: close\r\n/);
    expect(client.text.endsWith('ok')).toBe(true);
    expect(origin.received.join('')).not.toContain('/second');
  });

  test('lets work end whose client has left, if that was asked for', async () => {
    const origin = await serveRaw(() => {});
    const proxy = await startProxy(origin.port, {
      hold: { intervalMs: 100, onDisconnect: 'continue' },
    });
    const client = await rawClient(proxy.port, get());
    await client.arrived('HoldOpen');
    client.socket.destroy();
    await until('it is logged', () => proxy.log[0]?.left === true);
    let isClosed = false;
    const closed = proxy.close().then(() => {
      isClosed = true;
    });
    const neighbour = await startProxy(origin.port, { drainMs: 0 });
    await neighbour.close();
    expect(isClosed).toBe(false);
    expect(origin.sockets[0]?.readableEnded).toBe(false);
    origin.sockets[0]?.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    await closed;
  });
});
