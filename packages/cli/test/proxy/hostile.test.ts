import { describe, expect, test } from 'vitest';
import { serve, serveRaw } from './support/origin.js';
import { startProxy } from './support/proxy.js';
import { rawClient } from './support/raw-client.js';
import { until } from './support/until.js';

const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';
const post = (fields: string, body: string): string =>
  `POST / HTTP/1.1\r\nHost: a\r\n${fields}\r\n${body}`;

describe('a request whose end is in doubt', () => {
  test.each([
    ['CL.TE', post('Content-Length: 50\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${SMUGGLED}`)],
    [
      'TE.CL',
      post('Transfer-Encoding: chunked\r\nContent-Length: 4\r\n', `5c\r\n${SMUGGLED}\r\n0\r\n\r\n`),
    ],
    [
      'a length of 0 with an encoding',
      post('Content-Length: 0\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${SMUGGLED}`),
    ],
    ['two lengths', post('Content-Length: 0\r\nContent-Length: 36\r\n', SMUGGLED)],
    ['two equal lengths', post('Content-Length: 2\r\nContent-Length: 2\r\n', `hi${SMUGGLED}`)],
    ['a list of lengths', post('Content-Length: 2, 2\r\n', `hi${SMUGGLED}`)],
    ['a length with a plus', post('Content-Length: +2\r\n', `hi${SMUGGLED}`)],
    ['a negative length', post('Content-Length: -1\r\n', SMUGGLED)],
    ['a length in hexadecimal', post('Content-Length: 0x2\r\n', `hi${SMUGGLED}`)],
    ['a length with a space in it', post('Content-Length: 1 0\r\n', SMUGGLED)],
    ['an empty length', post('Content-Length: \r\n', SMUGGLED)],
    ['a length beyond all bounds', post('Content-Length: 99999999999999999999\r\n', SMUGGLED)],
    ['a space before the colon', post('Content-Length : 36\r\n', SMUGGLED)],
    ['a tab before the colon', post('Transfer-Encoding\t: chunked\r\n', `0\r\n\r\n${SMUGGLED}`)],
    ['an unknown encoding', post('Transfer-Encoding: xchunked\r\n', `0\r\n\r\n${SMUGGLED}`)],
    [
      'chunked that is not the last',
      post('Transfer-Encoding: chunked, identity\r\n', `0\r\n\r\n${SMUGGLED}`),
    ],
    [
      'an encoding before chunked',
      post('Transfer-Encoding: gzip, chunked\r\n', `0\r\n\r\n${SMUGGLED}`),
    ],
    ['identity alone', post('Transfer-Encoding: identity\r\n', SMUGGLED)],
    [
      'two encodings',
      post('Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n', `0\r\n\r\n${SMUGGLED}`),
    ],
    [
      'chunked twice',
      post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${SMUGGLED}`),
    ],
    ['a vertical tab', post('Transfer-Encoding: \x0bchunked\r\n', `0\r\n\r\n${SMUGGLED}`)],
    ['quotes', post('Transfer-Encoding: "chunked"\r\n', `0\r\n\r\n${SMUGGLED}`)],
    ['a folded line', post('Transfer-Encoding:\r\n chunked\r\n', `0\r\n\r\n${SMUGGLED}`)],
    ['a folded length', post('Content-Length: 3\r\n 6\r\n', SMUGGLED)],
    ['a line that begins with a space', post(' Content-Length: 36\r\n', SMUGGLED)],
    ['a field without a name', post(': x\r\n', SMUGGLED)],
    ['a field without a colon', post('Content-Length\r\n', SMUGGLED)],
    ['a NUL in a field', post('X: a\0b\r\nContent-Length: 2\r\n', 'hi')],
    ['a NUL in a name', post('X\0: a\r\nContent-Length: 2\r\n', 'hi')],
    ['a control character', post('X: a\x01b\r\nContent-Length: 2\r\n', 'hi')],
    ['a DEL', post('X: a\x7fb\r\nContent-Length: 2\r\n', 'hi')],
    ['a control character in the path', 'GET /a\x01 HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a CR alone', post('X: a\rContent-Length: 36\r\n', SMUGGLED)],
    [
      'a chunk whose size is no number',
      post('Transfer-Encoding: chunked\r\n', `zz\r\n${SMUGGLED}`),
    ],
    ['a chunk with a negative size', post('Transfer-Encoding: chunked\r\n', `-1\r\n${SMUGGLED}`)],
    [
      'a chunk size beyond all bounds',
      post('Transfer-Encoding: chunked\r\n', `fffffffffffffffff\r\n${SMUGGLED}`),
    ],
    [
      'a chunk that is longer than it says',
      post('Transfer-Encoding: chunked\r\n', `1\r\nabc\r\n0\r\n\r\n${SMUGGLED}`),
    ],
    [
      'an encoding in HTTP/1.0',
      `POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
    ],
    ['two hosts', `GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n`],
    ['no host', `GET / HTTP/1.1\r\n\r\n`],
    ['a host with a path', `GET / HTTP/1.1\r\nHost: a/b\r\n\r\n`],
    ['a host with a user', `GET / HTTP/1.1\r\nHost: a@b\r\n\r\n`],
    ['another version', `GET / HTTP/2.0\r\nHost: a\r\n\r\n`],
    ['no version at all', `GET /\r\n\r\n`],
    ['a method that is none', `G{}T / HTTP/1.1\r\nHost: a\r\n\r\n`],
    ['a target of another scheme', `GET file:///etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n`],
    ['a target with a user', `GET http://a@b/ HTTP/1.1\r\nHost: a\r\n\r\n`],
    ['a target without a slash', `GET smuggled HTTP/1.1\r\nHost: a\r\n\r\n`],
    ['a star that is no OPTIONS', `GET * HTTP/1.1\r\nHost: a\r\n\r\n`],
  ])('is refused, and nothing of it goes on as another: %s', async (_what, wire) => {
    const origin = await serveRaw();
    const proxy = await startProxy(origin.port);
    const client = await rawClient(proxy.port, wire);
    await client.close();
    expect(client.text).not.toMatch(/HTTP\/1.1 [123]/);
    expect(origin.received.join('')).not.toContain('/smuggled HTTP');
    expect(client.text === '' || /^HTTP\/1.1 (400|431|501|505)/.test(client.text)).toBe(true);
  });

  test.each([
    ['chunk extensions', post('Transfer-Encoding: chunked\r\n', '2;a="\r\nhi\r\n0\r\n\r\n')],
    [
      'a bare LF behind a chunk size',
      post('Transfer-Encoding: chunked\r\n', '2;a\nhi\r\n0\r\n\r\n'),
    ],
    ['a bare LF behind a field', 'POST / HTTP/1.1\r\nHost: a\nContent-Length: 2\r\n\r\nhi'],
    ['a bare LF behind the head', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\nhi'],
  ])('goes on in the one way it can be read, or not at all: %s', async (_what, wire) => {
    const origin = await serveRaw((socket, text) => {
      if (/\r\n\r\n(hi|2\r\nhi\r\n0\r\n\r\n)$/.test(text)) {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      }
    });
    const proxy = await startProxy(origin.port);
    const client = await rawClient(proxy.port, wire);
    await client.arrived('\r\n\r\n');
    if (client.text.startsWith('HTTP/1.1 400')) return;
    expect(client.text).toMatch(/^HTTP\/1.1 200/);
    const [received = ''] = origin.received;
    expect(received.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    expect(received).not.toContain(';a');
  });

  test('in a pipeline leaves those before it alone', async () => {
    const origin = await serveRaw();
    const proxy = await startProxy(origin.port);
    const client = await rawClient(
      proxy.port,
      `GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n${post('Content-Length: 1, 2\r\n', SMUGGLED)}`,
    );
    await client.close();
    const statuses = client.text.match(/HTTP\/1.1 \d+/g) ?? [];
    expect(statuses.filter((status) => status.endsWith('200')).length).toBeLessThanOrEqual(2);
    expect(origin.received.join('')).not.toContain('smuggled');
  });
});

test('a length behind thousands of fields counts, and so do they', async () => {
  const origin = await serveRaw((socket, text) => {
    if (text.endsWith('hi')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
  });
  const proxy = await startProxy(origin.port);
  const fields = 'a:\r\n'.repeat(2_500);
  const client = await rawClient(
    proxy.port,
    post(`${fields}X-Last: 1\r\nContent-Length: 2\r\n`, 'hi'),
  );
  await client.arrived('ok');
  expect(origin.received[0]).toContain('X-Last: 1\r\n');
  expect(origin.received[0]).toContain('Content-Length: 2\r\n');
});

describe('nobody but the operator chooses where requests go', () => {
  test('a target in absolute form goes to the fixed target, with its host as Host', async () => {
    const origin = await serveRaw();
    const proxy = await startProxy(origin.port);
    const client = await rawClient(
      proxy.port,
      'GET http://elsewhere.example:9/path?q HTTP/1.1\r\nHost: ignored\r\n\r\n',
    );
    await client.arrived('ok');
    expect(origin.received[0]).toMatch(/^GET \/path\?q HTTP\/1.1\r\nHost: elsewhere.example:9\r\n/);
  });

  test('CONNECT is refused', async () => {
    const origin = await serveRaw();
    const proxy = await startProxy(origin.port);
    const client = await rawClient(
      proxy.port,
      `CONNECT 127.0.0.1:${origin.port} HTTP/1.1\r\nHost: a\r\n\r\n${SMUGGLED}`,
    );
    await client.close();
    expect(client.text).toMatch(/^HTTP\/1.1 405/);
    expect(origin.sockets).toHaveLength(0);
  });
});

describe('those who would wear the proxy out', () => {
  test('a head that is too large is refused', async () => {
    const origin = await serveRaw();
    const proxy = await startProxy(origin.port, { maxHeadBytes: 2_048 });
    const client = await rawClient(
      proxy.port,
      `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(4_096)}\r\n\r\n`,
    );
    await client.close();
    expect(client.text).toMatch(/^HTTP\/1.1 431/);
    expect(origin.sockets).toHaveLength(0);
  });

  test('a head that never ends is given up', async () => {
    const origin = await serveRaw();
    const proxy = await startProxy(origin.port, { headMs: 300 });
    const client = await rawClient(proxy.port, 'GET / HTTP/1.1\r\nHost: a\r\n');
    const drip = setInterval(() => client.send('X: y\r\n'), 50);
    await client.close();
    clearInterval(drip);
    expect(client.text).toMatch(/^HTTP\/1.1 408/);
  });

  test('requests without end behind one that is not answered are cut off', async () => {
    const origin = await serveRaw(() => {});
    const proxy = await startProxy(origin.port);
    const many = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(900);
    const client = await rawClient(proxy.port, many);
    await until('the target has the first', () => origin.sockets.length === 1);
    expect(client.closed).toBe(false);
    client.send(many);
    await client.close();
    await until('the target is told', () => origin.sockets[0]?.closed === true);
  });

  test('a body that never ends is given up, and the target is told', async () => {
    const origin = await serveRaw(() => {});
    const proxy = await startProxy(origin.port, { headMs: 200, requestMs: 400 });
    const client = await rawClient(
      proxy.port,
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n',
    );
    const drip = setInterval(() => client.send('x'), 50);
    await client.close();
    clearInterval(drip);
    await until('the target is told', () => origin.sockets[0]?.closed === true);
  });

  test('an upload that is broken off is broken off for the target, too', async () => {
    const origin = await serveRaw(() => {});
    const proxy = await startProxy(origin.port);
    const client = await rawClient(
      proxy.port,
      'POST /held HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc',
    );
    await until('the target has it', () => origin.received[0]?.endsWith('abc') === true);
    client.socket.resetAndDestroy();
    await until('the target is told', () => origin.sockets[0]?.closed === true);
    await until('it is logged', () => proxy.log[0]?.left === true);
  });
});

describe('a target that means harm', () => {
  test.each([
    [
      'a CR in a field',
      'HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: evil=1\r\nContent-Length: 2\r\n\r\nok',
    ],
    ['a NUL in a field', 'HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 2\r\n\r\nok'],
    [
      'a folded field',
      'HTTP/1.1 200 OK\r\nX: a\r\n Set-Cookie: evil=1\r\nContent-Length: 2\r\n\r\nok',
    ],
    ['a space in a name', 'HTTP/1.1 200 OK\r\nX Y: a\r\nContent-Length: 2\r\n\r\nok'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok'],
    ['a length that is none', 'HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nok'],
    ['a status that is none', 'HTTP/1.1 99 Odd\r\nContent-Length: 2\r\n\r\nok'],
    ['a status beyond all bounds', 'HTTP/1.1 1000 Odd\r\nContent-Length: 2\r\n\r\nok'],
    [
      'an upgrade that nobody asked for',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n',
    ],
    [
      'a transfer coding that nobody could undo',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    ],
    ['another protocol', 'SSH-2.0-OpenSSH_9\r\n'],
    ['a head that is too large', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`],
  ])('is answered for with 502: %s', async (_what, wire) => {
    const origin = await serveRaw((socket) => void socket.write(Buffer.from(wire, 'latin1')));
    const proxy = await startProxy(origin.port);
    const client = await rawClient(proxy.port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await client.arrived('}');
    expect(client.text).toMatch(/^HTTP\/1.1 502/);
    expect(client.text).not.toContain('evil');
  });

  test('an answer behind the answer never reaches the next client', async () => {
    let first = true;
    const origin = await serveRaw((socket, text) => {
      if (!text.endsWith('\r\n\r\n')) return;
      const poison = first ? 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison' : '';
      first = false;
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok${poison}`);
    });
    const proxy = await startProxy(origin.port);
    for (let i = 0; i < 3; i += 1) {
      const client = await rawClient(
        proxy.port,
        'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
      );
      await client.close();
      expect(client.text).toMatch(/\r\n\r\nok$/);
    }
  });

  test('a length beside chunks does not go on', async () => {
    const origin = await serveRaw((socket) => {
      socket.write(
        'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
      );
    });
    const proxy = await startProxy(origin.port);
    const client = await rawClient(proxy.port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await client.arrived('\r\n\r\n');
    if (!client.text.startsWith('HTTP/1.1 502'))
      expect(client.text).not.toContain('Content-Length');
  });

  test('fields of its own connection stay there', async () => {
    const port = await serve((_req, res) => {
      res.writeHead(200, [
        ['Connection', 'X-Hop'],
        ['X-Hop', '1'],
        ['Proxy-Authenticate', 'Basic'],
        ['Upgrade', 'h2c'],
        ['X-Kept', '1'],
      ] as never);
      res.end('ok');
    });
    const proxy = await startProxy(port);
    const client = await rawClient(proxy.port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await client.arrived('X-Kept');
    expect(client.text).not.toMatch(/X-Hop|Proxy-Auth|h2c/);
  });
});
