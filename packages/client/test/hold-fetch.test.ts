import { expect, test, vi } from 'vitest';
import { HoldOpenError, type HoldState, holdFetch, TransportError } from '../src/index.js';
import { lateHeads } from './support/late.js';
import { chunk, chunkedHead, END, HELD, plain, RawServer } from './support/raw-server.js';

const ONCE = { retry: false } as const;
const failure = (promise: Promise<unknown>): Promise<HoldOpenError> =>
  promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (error) => error,
  );

test('a body that is held and cut rejects the read, and says so in the outcome', async () => {
  await using server = await RawServer.start((socket) => {
    socket.write(chunkedHead(HELD) + chunk('\n') + chunk('{"a":"the beginning'));
    socket.end();
  });
  const response = await holdFetch(server.url, { holdOpen: ONCE });
  expect([response.status, response.holdOpen?.outcome]).toEqual([200, undefined]);
  const error = await failure(response.text());
  expect(error).toMatchObject({ code: 'HOLDOPEN_CLOSED', bytes: 20, attempts: 1 });
  expect(error.message).toMatch(/^GET http:.*: the connection was closed, after 20 bytes/);
  expect(response.holdOpen?.outcome).toEqual({ ok: false, status: 200, error });
});

test.each([
  ['white space only', chunk('\n') + chunk('\n')],
  ['half a document', chunk('\n') + chunk('{"a":')],
])('a held body of %s that ends cleanly is truncated', async (_, body) => {
  await using server = await RawServer.start((socket) => {
    socket.write(chunkedHead(HELD) + body + END);
  });
  const read = holdFetch(server.url, { holdOpen: ONCE }).then((response) => response.json());
  expect(await failure(read)).toMatchObject({ code: 'HOLDOPEN_TRUNCATED' });
});

test('an error that was cut in its middle has its status, and a body that breaks off', async () => {
  await using server = await RawServer.start((socket) => {
    socket.write(chunkedHead(HELD) + chunk(`\n${lateHeads['422']}{"message":"no su`));
    socket.end();
  });
  const response = await holdFetch(server.url, { holdOpen: ONCE });
  expect(response.status).toBe(422);
  expect(await failure(response.json())).toMatchObject({ code: 'HOLDOPEN_CLOSED' });
});

test.each([
  ['without a length, of white space', chunkedHead() + chunk(' \n') + END, 'HOLDOPEN_TRUNCATED'],
  ['without a length, cut cleanly', chunkedHead() + chunk('[1,') + END, 'HOLDOPEN_TRUNCATED'],
  [
    'of the type of an API',
    chunkedHead({ type: 'application/vnd.a+json; charset=utf-8' }) + chunk('{') + END,
    'HOLDOPEN_TRUNCATED',
  ],
  ['that breaks off', `${chunkedHead()}5\r\n[1`, 'HOLDOPEN_CLOSED'],
  [
    'with a length that breaks off',
    'HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\nx',
    'HOLDOPEN_CLOSED',
  ],
])('a body of somebody else %s is an error', async (_, answer, code) => {
  await using server = await RawServer.start((socket) => {
    socket.end(answer);
  });
  const response = await holdFetch(server.url, { holdOpen: ONCE });
  expect(await failure(response.text())).toMatchObject({ code });
});

test('what Node 20 takes for complete, a chunked body that ends with its connection, is an error', async () => {
  await using server = await RawServer.start((socket) => {
    socket.end(chunkedHead({ headers: { Connection: 'close' } }) + chunk('{"a":1,'));
  });
  const response = await holdFetch(server.url, { holdOpen: ONCE });
  // Newer versions see it themselves.
  expect((await failure(response.json())).code).toBe('HOLDOPEN_TRUNCATED');
});

test('whoever trusts JSON gets it as it is', async () => {
  await using server = await RawServer.start((socket) => {
    socket.write(chunkedHead() + chunk('[1,') + END);
  });
  const response = await holdFetch(server.url, { holdOpen: { ...ONCE, json: 'trust' } });
  expect(await response.text()).toBe('[1,');
});

test.each([
  ['text', 'text/plain', 'half'],
  ['records', 'application/x-ndjson', '{"a":1}\n{"a":'],
  ['JSON in another charset', 'application/json; charset=utf-16le', '{'],
])('a stream of %s is nothing that could be checked', async (_, type, body) => {
  await using server = await RawServer.start((socket) => {
    socket.write(chunkedHead({ type }) + chunk(body) + END);
  });
  expect(await (await holdFetch(server.url)).text()).toBe(body);
});

test('a head that never comes is a stall, which the error times', async () => {
  await using server = await RawServer.start(() => {});
  const error = await failure(
    holdFetch(server.url, { method: 'POST', body: 'x', holdOpen: { ...ONCE, maxSilenceMs: 150 } }),
  );
  expect(error).toBeInstanceOf(TransportError);
  expect(error).toMatchObject({ code: 'HOLDOPEN_STALLED', bytes: undefined, mayHaveRun: true });
  expect(error.silenceMs).toBeGreaterThanOrEqual(150);
});

test('a held body whose beats stop is a stall after two intervals', async () => {
  await using server = await RawServer.start((socket) => {
    socket.write(chunkedHead(HELD));
    let beats = 0;
    const timer = setInterval(() => {
      beats += 1;
      if (beats === 6) clearInterval(timer);
      else socket.write(chunk('\n'));
    }, 50);
    socket.on('close', () => clearInterval(timer));
  });
  const states: string[] = [];
  const error = await failure(
    holdFetch(server.url, {
      method: 'POST',
      holdOpen: { ...ONCE, onState: ({ state }) => states.push(state) },
    }),
  );
  expect(error).toMatchObject({ code: 'HOLDOPEN_STALLED', bytes: 5 });
  expect(error.silenceMs).toBeGreaterThanOrEqual(2_100);
  expect(error.silenceMs).toBeLessThan(30_000);
  expect(states).toEqual(['connecting', 'silent', 'failed']);
});

test("the user's own abort is his, and no failure", async () => {
  await using server = await RawServer.start((socket, { count }) => {
    if (count > 1) socket.write(chunkedHead() + chunk('['));
  });
  const reason = new Error('enough');
  const controller = new AbortController();
  const asked = holdFetch(server.url, { signal: controller.signal });
  while (server.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  controller.abort(reason);
  expect(await failure(asked)).toBe(reason);
  const second = new AbortController();
  const response = await holdFetch(server.url, { signal: second.signal });
  const reading = failure(response.text());
  second.abort(reason);
  expect(await reading).toBe(reason);
  expect(await failure(holdFetch(server.url, { signal: AbortSignal.abort(reason) }))).toBe(reason);
  expect(server.requests.length).toBe(2);
});

test('a body that nobody reads any more closes its connection', async () => {
  let isClosed = false;
  await using server = await RawServer.start((socket) => {
    socket.write(chunkedHead(HELD) + chunk('\n[1,'));
    socket.on('close', () => {
      isClosed = true;
    });
  });
  const response = await holdFetch(server.url);
  const reader = response.body?.getReader();
  expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('[1,');
  await reader?.cancel();
  while (!isClosed) await new Promise((resolve) => setTimeout(resolve, 5));
});

test('a reader with a buffer of its own gets the same', async () => {
  await using server = await RawServer.start((socket) => {
    socket.write(chunkedHead(HELD) + chunk('\n[1,2]') + END);
  });
  const response = await holdFetch(server.url);
  const reader = response.body?.getReader({ mode: 'byob' });
  let text = '';
  for (;;) {
    const { done, value } = (await reader?.read(new Uint8Array(3))) ?? {
      done: true,
      value: undefined,
    };
    text += new TextDecoder().decode(value);
    if (done) break;
  }
  expect(text).toBe('[1,2]');
});

test('what is no failure of the network is left as it is', async () => {
  expect(await failure(holdFetch('nowhere'))).toBeInstanceOf(TypeError);
  expect((await failure(holdFetch('nowhere'))) instanceof HoldOpenError).toBe(false);
  const own = new Error('of a fetch that is mine');
  const fetch = () => Promise.reject(own);
  expect(await failure(holdFetch('http://x.invalid/', { holdOpen: { fetch } }))).toBe(own);
});

test('a page is told how it went, each state once', async () => {
  await using server = await RawServer.start((socket, { count }) => {
    if (count === 1) socket.destroy();
    else socket.write(chunkedHead(HELD) + chunk('\n') + chunk('[]') + END);
  });
  const complained = vi.spyOn(console, 'error').mockImplementation(() => {});
  const states: HoldState[] = [];
  const response = await holdFetch(server.url, {
    holdOpen: {
      retry: { baseMs: 10 },
      onState(state) {
        states.push(state);
        throw new Error('a bad listener');
      },
    },
  });
  await response.json();
  expect(states.map(({ state, attempt }) => [state, attempt])).toEqual([
    ['connecting', 1],
    ['reconnecting', 1],
    ['connecting', 2],
    ['live', 2],
    ['completed', 2],
  ]);
  expect(complained).toHaveBeenCalledTimes(5);
  complained.mockRestore();
});

test('a status that no Response can have is given all the same', async () => {
  await using server = await RawServer.start((socket) => {
    socket.write(chunkedHead(HELD) + chunk(`\n${lateHeads['700']}{"a":1}`) + END);
  });
  const response = await holdFetch(server.url);
  expect([response.status, response.ok, await response.json()]).toEqual([700, false, { a: 1 }]);
});

test('a small body with a length is left to the runtime', async () => {
  await using server = await RawServer.start((socket) => {
    socket.write(plain('', { type: 'application/json' }));
  });
  const response = await holdFetch(server.url);
  expect([response.holdOpen, await response.text()]).toEqual([undefined, '']);
});

test.each([
  ['held', chunkedHead(HELD) + chunk(`\n${lateHeads['422']}{"a":1}`) + END],
  ['at once', plain('{"a":1}', { status: 422, type: 'application/json' })],
  ['at once, in chunks', chunkedHead({ status: 422 }) + chunk('{"a":1}') + END],
])('a failure that the server tells %s is no success', async (_, answer) => {
  await using server = await RawServer.start((socket) => {
    socket.write(answer);
  });
  const states: string[] = [];
  const onState = ({ state }: HoldState) => states.push(state);
  const response = await holdFetch(server.url, { holdOpen: { onState } });
  expect([response.status, await response.json()]).toEqual([422, { a: 1 }]);
  expect(states).toEqual(['connecting', 'live', 'failed']);
});

test('a part of a JSON document is as whole as fetch has it', async () => {
  const part = {
    status: 206,
    type: 'application/json',
    headers: { 'Content-Range': 'bytes 0-3/9' },
  };
  await using server = await RawServer.start((socket, { count }) => {
    socket.write(count === 1 ? plain('{"a"', part) : chunkedHead(part) + chunk('{"a"') + END);
  });
  for (const _ of ['with a length', 'chunked']) {
    const response = await holdFetch(server.url, { headers: { Range: 'bytes=0-3' } });
    expect([response.status, await response.text()]).toEqual([206, '{"a"']);
  }
});

test('what is no JSON is not read as beats, whatever HoldOpen says', async () => {
  const lying = { status: 404, type: 'text/html', headers: HELD.headers };
  await using server = await RawServer.start((socket) =>
    socket.write(chunkedHead(lying) + chunk('<p>no</p>') + END),
  );
  const response = await holdFetch(server.url);
  expect(response.headers.get('content-type')).toBe('text/html');
  expect(await response.text()).toBe('<p>no</p>');
});
