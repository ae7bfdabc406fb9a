/** What is sent again, and what never is. */
import { createSecureServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { certificate } from '../../node/test/held/support/certificate.js';
import { type HoldOpenError, type HoldOptions, type HoldState, holdFetch } from '../src/index.js';
import { createAgent, createFetch } from '../src/node.js';
import { lateHeads } from './support/late.js';
import { chunk, chunkedHead, HELD, plain, RawServer } from './support/raw-server.js';

const QUICKLY = { retry: { baseMs: 5, maxAttempts: 3 } } as const;
const streamOf = (text: string): ReadableStream => new Blob([text]).stream();

/** A server that fails the first time and answers the second. */
async function againAfter(
  first: (socket: Socket) => unknown,
  init: RequestInit,
  holdOpen: HoldOptions = {},
) {
  await using server = await RawServer.start((socket, { count }) => {
    if (count === 1) first(socket);
    else socket.write(plain('done'));
  });
  const said = await holdFetch(server.url, { ...init, holdOpen: { ...QUICKLY, ...holdOpen } }).then(
    async (response) => `${response.status} ${await response.text()}`,
    (error: HoldOpenError) => error.code,
  );
  const keys = server.requests.map(({ head }) => /^idempotency-key: (.*)$/im.exec(head)?.[1]);
  const { connections, requests } = server;
  return { said, keys, connections, bodies: requests.map(({ body }) => body) };
}

const reset = (socket: Socket) => socket.resetAndDestroy();

describe('a connection that breaks before anything came', () => {
  test.each(['GET', 'PUT', 'DELETE'])('%s is sent again', async (method) => {
    const { said, bodies } = await againAfter(reset, { method });
    expect([said, bodies.length]).toEqual(['200 done', 2]);
  });

  test.each(['POST', 'PATCH'])('%s is not: its work may have begun', async (method) => {
    const { said, bodies } = await againAfter(reset, { method, body: 'x' });
    expect([said, bodies]).toEqual(['HOLDOPEN_RESET', ['x']]);
  });

  test('with a key it is, under the same and with the same bytes', async () => {
    const body = new FormData();
    body.set('name', 'value');
    const { said, keys, bodies } = await againAfter(
      reset,
      { method: 'POST', body },
      { idempotencyKey: true },
    );
    expect(said).toBe('200 done');
    expect(keys[0]).toMatch(/^[\da-f]{32}$/);
    expect(new Set(keys).size).toBe(1);
    expect(new Set(bodies).size).toBe(1);
    expect(bodies[0]).toContain('value');
  });

  test('a key among the headers of the request counts', async () => {
    const headers = { 'Idempotency-Key': 'mine' };
    const { said, keys } = await againAfter(reset, { method: 'POST', headers });
    expect([said, keys]).toEqual(['200 done', ['mine', 'mine']]);
  });

  test('a stream is sent once, unless a key keeps it', async () => {
    const init = { method: 'PUT', duplex: 'half' } as RequestInit;
    const once = await againAfter(reset, { ...init, body: streamOf('s') });
    expect([once.said, once.connections]).toEqual(['HOLDOPEN_RESET', 1]);
    const kept = await againAfter(reset, { ...init, body: streamOf('s') }, { idempotencyKey: 'k' });
    expect([kept.said, kept.keys, kept.bodies]).toEqual(['200 done', ['k', 'k'], ['s', 's']]);
  });

  test('not at all without retries', async () => {
    const { said, keys } = await againAfter(reset, {}, { retry: false });
    expect([said, keys.length]).toEqual(['HOLDOPEN_RESET', 1]);
  });
});

const busy =
  (status: number, headers = {}) =>
  (socket: Socket) =>
    socket.write(plain('busy', { status, headers }));

describe('a server that is busy', () => {
  test.each([
    [429, {}, 'POST', '200 done'],
    [529, {}, 'POST', '200 done'],
    [503, { 'Retry-After': '0' }, 'POST', '200 done'],
    // A gateway says so, too, when it has lost the server in the middle of the work.
    [503, {}, 'POST', '503 busy'],
    [502, { 'Retry-After': '0' }, 'POST', '502 busy'],
    [504, {}, 'POST', '504 busy'],
    [503, {}, 'GET', '200 done'],
    [502, {}, 'GET', '200 done'],
    [500, {}, 'GET', '500 busy'],
    [404, {}, 'GET', '404 busy'],
  ])('%i with %o to a %s becomes %4$s', async (status, headers, method, expected) => {
    const { said } = await againAfter(busy(status, headers), { method });
    expect(said).toBe(expected);
  });

  test('is left alone for as long as it asks', async () => {
    const states: HoldState[] = [];
    const onState = (state: HoldState) => states.push(state);
    const from = performance.now();
    const { said } = await againAfter(busy(429, { 'Retry-After': '1' }), {}, { onState });
    expect(said).toBe('200 done');
    expect(performance.now() - from).toBeGreaterThanOrEqual(990);
    expect(states.find(({ delayMs }) => delayMs !== undefined)?.delayMs).toBeGreaterThanOrEqual(
      1_000,
    );
  });

  test('and asks for too long gives its answer to the caller', async () => {
    const { said, keys } = await againAfter(busy(429, { 'Retry-After': '3600' }), {});
    expect([said, keys.length]).toEqual(['429 busy', 1]);
  });

  test('and stays so gives its last answer when the budget is used up', async () => {
    await using server = await RawServer.start((socket, { count }) => {
      socket.write(plain(`${count}`, { status: 503 }));
    });
    const response = await holdFetch(server.url, { holdOpen: QUICKLY });
    expect([response.status, await response.text()]).toEqual([503, '3']);
  });
});

test('a late 503 is said in the middle of the work: a POST is not sent again', async () => {
  const late = (socket: Socket) =>
    socket.end(chunkedHead(HELD) + chunk(`\n${lateHeads['503']}{"a":1`));
  const { said, bodies } = await againAfter(late, { method: 'POST', body: 'x' });
  expect([said, bodies]).toEqual(['503 {"a":1}', ['x']]);
});

test('a pooled connection that the server has closed is replaced by a new one', async () => {
  await using server = await RawServer.start((socket, { count }) => {
    if (count === 1) socket.write(plain('first'));
    // It closes the connection just as the next request arrives.
    else if (count === 2) socket.destroy();
    else socket.write(plain('third'));
  });
  const texts: string[] = [];
  for (let i = 0; i < 2; i += 1) {
    texts.push(await (await holdFetch(server.url, { holdOpen: QUICKLY })).text());
  }
  expect([texts, server.connections]).toEqual([['first', 'third'], 2]);
});

describe('over HTTP/2', () => {
  async function serve(onStream: (stream: ServerHttp2Stream) => void) {
    const server = createSecureServer(certificate);
    let streams = 0;
    server.on('stream', (stream) => {
      streams += 1;
      stream.on('error', () => {});
      onStream(stream);
    });
    server.on('session', (session) => session.on('error', () => {}));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const agent = createAgent({ allowH2: true, connect: { ca: certificate.cert } });
    onTestFinished(async () => {
      await agent.destroy();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    const post = () =>
      holdFetch(`https://localhost:${port}/`, {
        method: 'POST',
        body: 'x',
        holdOpen: { ...QUICKLY, fetch: createFetch(agent) },
      });
    return { post, streams: () => streams };
  }

  test('a GOAWAY says nothing of work that may have begun', async () => {
    const { post, streams } = await serve((stream) => stream.session?.goaway(0, 2 ** 31 - 1));
    await expect(post()).rejects.toMatchObject({ mayHaveRun: true });
    expect(streams()).toBe(1);
  });

  test('a stream that was refused is asked for again', async () => {
    let isFirst = true;
    const { post, streams } = await serve((stream) => {
      if (isFirst) stream.close(7);
      else stream.end('done');
      isFirst = false;
    });
    expect(await (await post()).text()).toBe('done');
    expect(streams()).toBe(2);
  });
});

test('a key that is empty is none, and said to be', async () => {
  const headers = { 'Idempotency-Key': '' };
  const asked = holdFetch('http://127.0.0.1:1/', { method: 'POST', headers });
  await expect(asked).rejects.toMatchObject({ code: 'HOLDOPEN_INVALID_OPTION' });
});

test('headers that cannot be had while the network is gone are asked for again', async () => {
  await using server = await RawServer.start((socket, { count }) => {
    if (count === 1) socket.destroy();
    else socket.write(plain('7'));
  });
  let asked = 0;
  const headers = async () => {
    asked += 1;
    if (asked === 2) await fetch('http://127.0.0.1:2/token');
    return {};
  };
  const response = await holdFetch(server.url, { headers, holdOpen: { retry: { baseMs: 5 } } });
  expect([await response.text(), asked]).toEqual(['7', 3]);
});

test('a fault of the headers function is the end, and told as it is', async () => {
  const states: string[] = [];
  const headers = () => {
    throw new Error('mine');
  };
  const holdOpen = { onState: ({ state }: { state: string }) => states.push(state) };
  await expect(holdFetch('http://127.0.0.1:1/', { headers, holdOpen })).rejects.toThrow('mine');
  expect(states).toEqual(['failed']);
});

test('a key is made also where a page has no randomUUID', async () => {
  const { crypto } = globalThis;
  vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto) });
  onTestFinished(() => void vi.unstubAllGlobals());
  await using server = await RawServer.start((socket) => socket.write(plain('7')));
  await holdFetch(server.url, { method: 'POST', holdOpen: { idempotencyKey: true } });
  expect(server.requests[0]?.head).toMatch(/^idempotency-key: [\da-f]{32}$/im);
});
