import { randomBytes } from 'node:crypto';
import http2 from 'node:http2';
import { describe, expect, onTestFinished, test } from 'vitest';
import { drain, registry } from '../../src/index.js';
import { ask, requestText } from './support/ask.js';
import { anyPrefixParses, readHeldJson } from './support/payload.js';
import { type Handler, serveHeld, TRANSPORTS, type Transport } from './support/serve.js';
import { held, quiet, until } from './support/wait.js';
import { readResponse } from './support/wire.js';

const ERROR = { why: 'late', more: { a: [1, 2, { b: '}' }] } };
const lateError: Handler = async (req, res) => {
  await held(req);
  res.writeHead(422, { 'Content-Type': 'application/json' });
  res.end(JSON.stringify(ERROR));
};

test('HTTP/1.1 ends without the last chunk and with the connection, which is not reset', async () => {
  const served = await serveHeld(lateError);
  const client = await served.connect();
  client.send(requestText());
  await client.close();
  expect(client.errorCode).toBeUndefined();
  expect(client.text).not.toContain('\r\n0\r\n');
  const response = readResponse(client.received);
  expect(response?.complete).toBe(false);
  expect(JSON.parse(`${response?.body}}`)).toEqual(ERROR);
});

test('HTTP/1.0 is reset, but not before the bytes have arrived', async () => {
  const served = await serveHeld(lateError, {}, 'HTTP/1.0');
  const client = await served.connect();
  client.send(requestText({}, '1.0'));
  await client.close();
  expect(client.errorCode).toBe('ECONNRESET');
  const last = client.arrivals.at(-1);
  expect(JSON.parse(`${readResponse(client.received)?.body}}`)).toEqual(ERROR);
  expect((client.closedAtMs ?? 0) - (last?.atMs ?? 0)).toBeGreaterThan(25);
});

test('HTTP/1.0 with keep-alive is cut all the same', async () => {
  const served = await serveHeld(lateError, {}, 'HTTP/1.0');
  const reply = await ask(served, { headers: { Connection: 'keep-alive' } });
  expect(reply.error).toBe('ECONNRESET');
  expect(JSON.parse(`${reply.body}}`)).toEqual(ERROR);
});

test.each(['h2c', 'h2'] as const)(
  '%s resets the stream with an error code and keeps the connection',
  async (transport) => {
    const served = await serveHeld(lateError, {}, transport);
    const reply = await ask(served);
    expect(reply.rstCode).not.toBe(0);
    expect(reply.error).toBe('ERR_HTTP2_STREAM_ERROR');
    expect(JSON.parse(`${reply.body}}`)).toEqual(ERROR);
    expect((await ask(served)).ended).toBe('cut');
  },
);

describe.each(TRANSPORTS)('over %s', (transport) => {
  test('no beginning of a cut body parses', async () => {
    const reply = await ask(await serveHeld(lateError, {}, transport));
    expect(reply.ended).toBe('cut');
    expect(anyPrefixParses(reply.body)).toBe(false);
  });

  test('a large error arrives whole before the cut', async () => {
    const noise = randomBytes(300_000).toString('hex');
    const served = await serveHeld(
      async (req, res) => {
        await held(req);
        res.writeHead(500, { 'Content-Type': 'application/json' });
        res.end(JSON.stringify({ noise }));
      },
      {},
      transport,
    );
    const reply = await ask(served);
    expect(reply.ended).toBe('cut');
    expect(JSON.parse(`${reply.body}}`)).toEqual({ noise });
  });

  test('a stream that fails midway never becomes a document', async () => {
    const document = JSON.stringify({ list: [1, 'two', { three: 3 }], end: true });
    for (const at of [1, 9, 17, document.length - 1, document.length]) {
      const served = await serveHeld(
        async (req, res) => {
          await held(req);
          res.write(document.slice(0, at));
          await quiet(5);
          throw new Error('midway');
        },
        { onLateOutcome() {} },
        transport,
      );
      const reply = await ask(served);
      expect(reply.ended, `failed at ${at}`).toBe('cut');
      expect(anyPrefixParses(reply.body), `failed at ${at}`).toBe(false);
      expect(document.startsWith(reply.body.trimStart())).toBe(true);
    }
  });
});

test('a cut waits for a client that reads slowly', async () => {
  const noise = randomBytes(4_000_000).toString('hex');
  const served = await serveHeld(
    async (req, res) => {
      await held(req);
      res.write(`{"noise":"${noise}`);
      throw new Error('midway');
    },
    { onLateOutcome() {} },
  );
  const client = await served.connect();
  client.send(requestText());
  await client.arrived('HoldOpen');
  client.socket.pause();
  await quiet(200);
  client.socket.resume();
  await client.close();
  const response = readResponse(client.received);
  expect(response?.complete).toBe(false);
  expect(response?.body.trimStart().length).toBe(noise.length + 10);
});

test('a pipelined request behind a cut response is not answered on its connection', async () => {
  const paths: unknown[] = [];
  const served = await serveHeld(async (req, res) => {
    paths.push(req.url);
    if (req.url === '/second') {
      res.end('{"second":true}');
      return;
    }
    await lateError(req, res);
  });
  const client = await served.connect();
  client.send(requestText({ path: '/first' }) + requestText({ path: '/second' }));
  await client.close();
  await until('the first was asked', () => paths.length > 0);
  expect(client.text).not.toContain('second');
  expect(JSON.parse(`${readResponse(client.received)?.body}}`)).toEqual(ERROR);
});

describe('a held response that its handler destroys', () => {
  test.each(TRANSPORTS)('looks incomplete over %s', async (transport) => {
    const served = await serveHeld(
      async (req, res) => {
        await held(req);
        await quiet(30);
        res.destroy();
      },
      {},
      transport,
    );
    const { ended, error } = await ask(served);
    if (transport === 'HTTP/1.0') expect(error).toBe('ECONNRESET');
    else expect(ended).toBe('cut');
  });
});

test('a client that does not read is cut over HTTP/2 all the same', async () => {
  let closed = false;
  const served = await serveHeld(
    async (req, res) => {
      res.on('close', () => {
        closed = true;
      });
      await held(req);
      res.setHeader('Content-Type', 'application/json');
      res.write(`["${'x'.repeat(4_000_000)}`);
      throw new Error('late');
    },
    {},
    'h2c',
  );
  const session = http2.connect(served.url);
  session.on('error', () => {});
  onTestFinished(() => session.destroy());
  const stream = session.request({ ':path': '/' });
  stream.on('error', () => {});
  stream.pause();
  await until('the stream has closed', () => closed);
});

describe('a held response that is dropped', () => {
  const ways: [string, Transport, Handler][] = [
    ['by req.destroy()', 'HTTP/1.0', (req) => req.destroy()],
    ['by req.socket.destroy()', 'HTTP/1.0', (req) => req.socket.destroy()],
    ['by res.stream.destroy()', 'h2c', (_req, res) => streamOf(res).destroy()],
    ['by res.stream.close()', 'h2c', (_req, res) => streamOf(res).close()],
  ];

  test.each(ways)('%s over %s looks incomplete', async (_way, transport, drop) => {
    const served = await serveHeld(
      async (req, res) => {
        await held(req);
        await quiet(30);
        drop(req, res);
      },
      {},
      transport,
    );
    const { ended, error } = await ask(served);
    if (transport === 'HTTP/1.0') expect(error).toBe('ECONNRESET');
    else expect(ended).toBe('cut');
  });
});

describe('a payload that is not as long as its head says', () => {
  test.each([
    ['JSON', 'application/json', '{"a":1}', 9],
    ['a number', 'application/json', '1234', 7],
    ['an event stream', 'text/event-stream', 'data: x\n\n', 20],
    ['JSON with more behind it', 'application/json', '{"a":1}', 3],
  ])('is cut: %s', async (_name, type, payload, length) => {
    const served = await serveHeld(async (req, res) => {
      await held(req);
      res.writeHead(200, { 'Content-Type': type, 'Content-Length': length });
      res.end(payload);
    });
    const { body, ended } = await ask(served);
    if (type === 'application/json') expect(ended).toBe('cut');
    else expect(body).toContain('event: error');
  });
});

test('a drain of HTTP/1.0 ends when its clients have been told', async () => {
  const served = await serveHeld(() => {}, {}, 'HTTP/1.0');
  const client = await served.connect();
  client.send(requestText({}, '1.0'));
  await client.arrived('HoldOpen');
  await drain({ timeoutMs: 0 });
  // The process may exit now.
  expect(served.connections.size).toBe(0);
  registry.reopen();
  await client.close();
  expect(client.errorCode).toBe('ECONNRESET');
});

describe('over HTTP/2 a stream of the handler’s own', () => {
  test('that fails in silence ends with its error event', async () => {
    const served = await serveHeld(
      async (req, res) => {
        res.writeHead(200, { 'Content-Type': 'text/event-stream' });
        res.write('data: x\n\n');
        await until('it beats', () => (req.holdOpen?.state ?? '') === 'streaming');
        await quiet(150);
        throw new Error('late');
      },
      {},
      'h2c',
    );
    expect((await ask(served)).body).toContain('event: error');
  });

  test('that ends well is no disconnect', async () => {
    let signal: AbortSignal | undefined;
    const served = await serveHeld(
      (req, res) => {
        signal = req.holdOpen?.signal;
        const stream = streamOf(res);
        stream.respond({ ':status': 200, 'content-type': 'application/json' });
        stream.end('{}');
      },
      {},
      'h2c',
    );
    expect((await ask(served)).body).toBe('{}');
    await quiet(50);
    expect(signal?.aborted).toBe(false);
  });

  test('may answer with an error after a status that cannot be sent', async () => {
    const served = await serveHeld(
      async (req, res) => {
        await held(req);
        expect(() => res.writeHead(700)).toThrow();
        res.writeHead(500, { 'Content-Type': 'application/json' }).end('{"a":1}');
      },
      {},
      'h2c',
    );
    const reply = await ask(served);
    expect(reply.ended).toBe('cut');
    expect(readHeldJson(reply.body).lateHead?.status).toBe(500);
  });
});

function streamOf(res: object): http2.ServerHttp2Stream {
  return (res as http2.Http2ServerResponse).stream;
}

test.each(['HTTP/1.1', 'HTTP/1.0'] as const)(
  'a client that does not read is cut over %s all the same',
  async (transport) => {
    const served = await serveHeld(
      async (req, res) => {
        await held(req);
        res.setHeader('Content-Type', 'application/json');
        res.write(`["${'x'.repeat(20_000_000)}`);
        throw new Error('late');
      },
      {},
      transport,
    );
    const client = await served.connect();
    client.socket.pause();
    client.send(requestText({}, transport === 'HTTP/1.0' ? '1.0' : '1.1'));
    await until('it has come', () => served.connections.size === 1);
    await until('it is closed', () => served.connections.size === 0);
  },
);

test('a response whose connection was taken away is known to be gone', async () => {
  let signal: AbortSignal | undefined;
  const served = await serveHeld(async (req, res) => {
    signal = req.holdOpen?.signal;
    await held(req);
    const { socket } = res;
    if (socket === null) throw new Error('no socket');
    res.detachSocket(socket);
    socket.end('0\r\n\r\n');
  });
  const client = await served.connect();
  client.send(requestText());
  await until('the hold is over', () => signal?.aborted === true && registry.size === 0);
});

test('an application may give its responses a member named stream', async () => {
  const served = await serveHeld(async (req, res) => {
    Object.assign(res, { stream: { fake: true } });
    Object.assign(req, { stream: 'fake' });
    await held(req);
    res.statusCode = 500;
    res.end('{"a":1}');
  });
  const reply = await ask(served);
  expect(reply.ended).toBe('cut');
  expect(readHeldJson(reply.body).lateHead?.status).toBe(500);
});

test('over HTTP/1.0 a response that is destroyed and ended in one go looks incomplete', async () => {
  const served = await serveHeld(
    async (req, res) => {
      await held(req);
      await quiet(30);
      res.destroy(new Error('dropped'));
      res.end('Error');
    },
    {},
    'HTTP/1.0',
  );
  expect((await ask(served)).error).toBe('ECONNRESET');
});

test.each(['HTTP/1.0', 'h2c'] as const)(
  'a stream of the handler’s own over %s that had beats and is dropped looks incomplete',
  async (transport) => {
    const served = await serveHeld(
      async (_req, res) => {
        res.writeHead(200, { 'Content-Type': 'text/event-stream' });
        res.write('data: x\n\n');
        await until('it has beaten', () => registry.occupied === 1);
        await quiet(50);
        res.destroy();
      },
      {},
      transport,
    );
    const { ended, error } = await ask(served);
    if (transport === 'HTTP/1.0') expect(error).toBe('ECONNRESET');
    else expect(ended).toBe('cut');
  },
);
