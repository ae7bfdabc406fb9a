import { createServer } from 'node:http';
import { describe, expect, test } from 'vitest';
import { until } from '../../../test/support/until.js';
import {
  AnswerError,
  type HoldEvent,
  type HoldOpenError,
  holdEvents,
  OptionError,
} from '../src/index.js';
import { afterBeats } from './support/gate.js';
import { lateHeads } from './support/late.js';
import { chunk, chunkedHead, END, HELD, plain, RawServer } from './support/raw-server.js';
import { adapters } from './support/servers.js';

const SSE = { type: 'text/event-stream' };
const QUICKLY = { retry: { baseMs: 5 } } as const;

interface Read {
  readonly events: HoldEvent[];
  readonly error?: HoldOpenError;
}

async function readAll(events: AsyncIterable<HoldEvent>): Promise<Read> {
  const read: HoldEvent[] = [];
  try {
    for await (const event of events) read.push(event);
    return { events: read };
  } catch (error) {
    return { events: read, error: error as HoldOpenError };
  }
}

const dataOf = ({ events }: Read): string[] => events.map(({ data }) => data);
const lastEventIds = ({ requests }: RawServer): (string | undefined)[] =>
  requests.map(({ head }) => /^last-event-id: (.*)$/im.exec(head)?.[1]);

test('events of any method are given as they come, and an end is an end', async () => {
  await using server = await RawServer.start((socket) => {
    socket.write(chunkedHead(SSE));
    socket.write(chunk(': hello\n\nevent: a\nid: 1\nda'));
    socket.write(chunk('ta: one\n\ndata: tw\u00f6\n\n') + END);
  });
  const read = await readAll(
    holdEvents(server.url, { method: 'POST', body: 'question', headers: { 'X-A': 'b' } }),
  );
  expect(read).toEqual({
    events: [
      { event: 'a', id: '1', cursor: '1', data: 'one' },
      { event: undefined, id: undefined, data: 'tw\u00f6' },
    ],
  });
  expect(server.requests).toMatchObject([{ body: 'question' }]);
  expect(server.requests[0]?.head).toMatch(/^POST [\s\S]*accept: text\/event-stream/im);
  expect(server.requests[0]?.head).toMatch(/x-a: b/i);
});

test('a stream that breaks goes on behind its last event', async () => {
  await using server = await RawServer.start((socket, { count }) => {
    socket.write(chunkedHead(SSE));
    if (count === 1) socket.end(chunk('id: 1\ndata: a\n\nid: 2\ndata: b\n\nid: 3\ndata: half'));
    else socket.write(chunk('id: 3\ndata: c\n\n') + END);
  });
  const states: string[] = [];
  const read = await readAll(
    holdEvents(server.url, {
      holdOpen: { ...QUICKLY, onState: ({ state }) => states.push(state) },
    }),
  );
  expect(dataOf(read)).toEqual(['a', 'b', 'c']);
  expect(lastEventIds(server)).toEqual([undefined, '2']);
  expect(states).toEqual(['connecting', 'live', 'reconnecting', 'connecting', 'live', 'completed']);
});

test('a place that was told without an event is a place to go on from', async () => {
  await using server = await RawServer.start((socket, { count }) => {
    socket.write(chunkedHead(SSE));
    if (count === 1) socket.end(chunk('id: start\n\n: beat\n\n'));
    else socket.write(chunk('data: a\n\n') + END);
  });
  expect(dataOf(await readAll(holdEvents(server.url, { holdOpen: QUICKLY })))).toEqual(['a']);
  expect(lastEventIds(server)).toEqual([undefined, 'start']);
});

test('the work of a POST is not done twice because its stream broke', async () => {
  await using server = await RawServer.start((socket) => {
    socket.write(chunkedHead(SSE));
    socket.end(chunk('id: 1\ndata: a\n\n'));
  });
  const read = await readAll(holdEvents(server.url, { method: 'POST', holdOpen: QUICKLY }));
  expect(dataOf(read)).toEqual(['a']);
  expect(read.error).toMatchObject({ code: 'HOLDOPEN_CLOSED', cursor: '1', attempts: 1 });
  expect(server.requests.length).toBe(1);
});

test('with isTerminal an end before it is a lost connection', async () => {
  await using server = await RawServer.start((socket, { count }) => {
    const events = count === 1 ? 'id: 1\ndata: a\n\n' : 'data: b\n\ndata: [DONE]\n\ndata: c\n\n';
    socket.write(chunkedHead(SSE) + chunk(events) + END);
  });
  const isTerminal = ({ data }: HoldEvent): boolean => data === '[DONE]';
  const read = await readAll(holdEvents(server.url, { holdOpen: { ...QUICKLY, isTerminal } }));
  expect(dataOf(read)).toEqual(['a', 'b', '[DONE]']);
});

test('a server that shuts down says when to come back', async () => {
  const times: number[] = [];
  await using server = await RawServer.start((socket, { count }) => {
    times.push(performance.now());
    socket.write(chunkedHead(SSE));
    socket.write(chunk(count === 1 ? 'data: a\n\nretry: 300\n\n' : 'data: b\n\n') + END);
  });
  const read = await readAll(holdEvents(server.url, { holdOpen: QUICKLY }));
  expect(dataOf(read)).toEqual(['a', 'b']);
  expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(295);
});

test('204 says that there is no more', async () => {
  await using server = await RawServer.start((socket, { count }) => {
    if (count === 1) socket.end(chunkedHead(SSE) + chunk('id: 1\ndata: a\n\n'));
    else socket.write('HTTP/1.1 204 No Content\r\n\r\n');
  });
  const read = await readAll(holdEvents(server.url, { holdOpen: QUICKLY }));
  expect([dataOf(read), read.error]).toEqual([['a'], undefined]);
});

test("an event called error is the application's, unless holdopen says otherwise", async () => {
  await using server = await RawServer.start((socket) => {
    const own = 'event: error\ndata: {"status":500,"code":"mine"}\n\n';
    const late =
      ': holdopen status=502\n\nevent: error\nretry: 86400000\ndata: {"completion_status":502,"code":"handler_error","title":"Bad Gateway"}\n\n';
    socket.write(chunkedHead(SSE) + chunk(own) + chunk(late) + END);
  });
  const read = await readAll(holdEvents(server.url, { holdOpen: QUICKLY }));
  expect(read.events.map(({ event }) => event)).toEqual(['error']);
  expect(read.error).toBeInstanceOf(AnswerError);
  expect(read.error).toMatchObject({ code: 'HOLDOPEN_FAILED', status: 502 });
  expect(read.error?.message).toMatch(/the work failed with 502 \("Bad Gateway"\)/);
});

test.each([
  [401, 'HOLDOPEN_UNAUTHORIZED'],
  [404, 'HOLDOPEN_STATUS'],
  [500, 'HOLDOPEN_SERVER_ERROR'],
])('%i is the end, with what the server said of it', async (status, code) => {
  await using server = await RawServer.start((socket) => {
    socket.write(plain('{"detail":"Because."}', { status, type: 'application/problem+json' }));
  });
  const { error } = await readAll(holdEvents(server.url, { holdOpen: QUICKLY }));
  expect(error).toMatchObject({ code, status, problem: { detail: 'Because.' } });
  expect(server.requests.length).toBe(1);
});

test.each([
  ['a page', plain('<html>', { type: 'text/html' })],
  ['a held document', chunkedHead(HELD) + chunk('\n{"a":1}') + END],
])('%s is no event stream', async (_, answer) => {
  await using server = await RawServer.start((socket) => {
    socket.write(answer);
  });
  const { error } = await readAll(holdEvents(server.url));
  expect(error).toMatchObject({ code: 'HOLDOPEN_WRONG_TYPE', status: 200 });
});

test('a failure that a held head could not tell is told with its status', async () => {
  await using server = await RawServer.start((socket) => {
    socket.end(chunkedHead(HELD) + chunk(`\n${lateHeads['422']}{"detail":"No."`));
  });
  const { error } = await readAll(holdEvents(server.url, { method: 'POST' }));
  expect(error).toMatchObject({ status: 422, problem: { detail: 'No.' } });
});

test.each([
  ['a refusal', { status: 404, type: 'text/plain' }, { status: 404, code: 'HOLDOPEN_STATUS' }],
  ['no event stream', { type: 'application/x-ndjson' }, { code: 'HOLDOPEN_WRONG_TYPE' }],
])('%s is told soon, though its body has no end', async (_, head, told) => {
  await using server = await RawServer.start((socket) => {
    socket.write(chunkedHead(head));
    const timer = setInterval(() => socket.write(chunk('{}\n')), 50);
    socket.on('close', () => clearInterval(timer));
  });
  const from = performance.now();
  const { error } = await readAll(holdEvents(server.url, { holdOpen: { retry: false } }));
  expect(error).toMatchObject(told);
  expect(performance.now() - from).toBeLessThan(15_000);
});

test('a late 503 says when to come back', async () => {
  const times: number[] = [];
  await using server = await RawServer.start((socket, { count }) => {
    times.push(performance.now());
    if (count > 1) socket.write(chunkedHead(SSE) + chunk('data: a\n\n') + END);
    else socket.end(chunkedHead(HELD) + chunk(`\n${lateHeads['503']}{"detail":"No."`));
  });
  expect(dataOf(await readAll(holdEvents(server.url, { holdOpen: QUICKLY })))).toEqual(['a']);
  expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(990);
});

test('events behind a JSON head are read from the first on', async () => {
  await using server = await RawServer.start((socket) => {
    socket.write(
      chunkedHead(HELD) + chunk('\n') + chunk('\ndata: a\n\n') + chunk('data: b\n\n') + END,
    );
  });
  expect(dataOf(await readAll(holdEvents(server.url)))).toEqual(['a', 'b']);
});

test.each(['node', 'fetch'] as const)(
  'behind the adapter for %s beats are no events, and a failure is told',
  async (name) => {
    const { gate, onBeat } = afterBeats(2);
    let hasBegun = false;
    await using server = await adapters[name](
      () =>
        new Response(
          new ReadableStream({
            async pull(controller) {
              const text = new TextEncoder();
              if (!hasBegun) controller.enqueue(text.encode('data: a\n\n'));
              else {
                await gate.opened;
                throw new Error('secret');
              }
              hasBegun = true;
            },
          }),
          { headers: { 'Content-Type': 'text/event-stream' } },
        ),
      { onBeat, format: 'sse' },
    );
    const read = await readAll(
      holdEvents(server.url, { method: 'POST', holdOpen: { retry: false } }),
    );
    expect(dataOf(read)).toEqual(['a']);
    expect(['HOLDOPEN_FAILED', 'HOLDOPEN_CLOSED']).toContain(read.error?.code);
  },
);

test('an event without an end is given up before it fills the memory', async () => {
  await using server = await RawServer.start((socket) => {
    socket.write(chunkedHead(SSE) + chunk('data: a\n\ndata: '));
    const line = chunk('x'.repeat(1_048_576));
    const more = (): void => {
      if (!socket.destroyed) socket.write(line, more);
    };
    more();
  });
  const read = await readAll(holdEvents(server.url, { holdOpen: QUICKLY }));
  expect(dataOf(read)).toEqual(['a']);
  expect(read.error).toMatchObject({ code: 'HOLDOPEN_PROTOCOL' });
  expect(read.error?.bytes).toBeLessThan(64 * 1_048_576);
  expect(server.requests.length).toBe(1);
});

test('whoever stops listening closes the connection', async () => {
  let isClosed = false;
  const server = createServer((_, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write('data: a\n\ndata: b\n\n');
    response.on('close', () => {
      isClosed = true;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const events = holdEvents(`http://127.0.0.1:${port}/`);
  for await (const { data } of events) {
    expect(data).toBe('a');
    break;
  }
  expect(await events.next()).toEqual({ done: true, value: undefined });
  while (!isClosed) await new Promise((resolve) => setTimeout(resolve, 5));
  server.close();
});

describe('whoever leaves while the first event is waited for', () => {
  test('closes the connection on which no head has come', async () => {
    let isClosed = false;
    await using server = await RawServer.start((socket) => {
      socket.on('close', () => {
        isClosed = true;
      });
    });
    const events = holdEvents(server.url, { holdOpen: QUICKLY });
    const next = events.next();
    await until('it is asked', () => server.requests.length === 1);
    await events.return?.();
    expect(await next).toEqual({ done: true, value: undefined });
    await until('it is closed', () => isClosed);
    expect(server.requests.length).toBe(1);
  });

  test('closes the connection whose head has just come', async () => {
    let isClosed = false;
    await using server = await RawServer.start((socket) => {
      socket.write(chunkedHead(SSE) + chunk(': beat\n\n'));
      socket.on('close', () => {
        isClosed = true;
      });
    });
    const states: string[] = [];
    const events = holdEvents(server.url, {
      holdOpen: {
        ...QUICKLY,
        onState({ state }) {
          states.push(state);
          if (state === 'live') void events.return?.();
        },
      },
    });
    expect(await events.next()).toEqual({ done: true, value: undefined });
    await until('it is closed', () => isClosed);
    expect(states).toEqual(['connecting', 'live']);
  });

  test('waits for no other attempt', async () => {
    await using server = await RawServer.start((socket) => socket.destroy());
    const events = holdEvents(server.url, {
      holdOpen: {
        retry: { baseMs: 60_000 },
        onState: ({ state }) => state === 'reconnecting' && void events.return?.(),
      },
    });
    expect(await events.next()).toEqual({ done: true, value: undefined });
    expect(server.requests.length).toBe(1);
  });
});

test('the reason of a signal is thrown as it is, also between two attempts', async () => {
  await using server = await RawServer.start((socket) => socket.destroy());
  const controller = new AbortController();
  const reason = new Error('enough');
  const { error } = await readAll(
    holdEvents(server.url, {
      signal: controller.signal,
      holdOpen: {
        retry: { baseMs: 60_000 },
        onState: ({ state }) => state === 'reconnecting' && controller.abort(reason),
      },
    }),
  );
  expect(error).toBe(reason);
  expect(server.requests.length).toBe(1);
});

test('several who ask at once each get an event of their own', async () => {
  await using server = await RawServer.start((socket) => {
    socket.write(chunkedHead(SSE) + chunk('data: a\n\ndata: b\n\ndata: c\n\n') + END);
  });
  const events = holdEvents(server.url);
  const asked = await Promise.all([1, 2, 3, 4].map(() => events.next()));
  expect(asked.map(({ value }) => value?.data)).toEqual(['a', 'b', 'c', undefined]);
});

test('an option that is none is refused at once', () => {
  const wrong = { isTerminal: true } as never;
  expect(() => holdEvents('http://x.invalid/', { holdOpen: wrong })).toThrow(OptionError);
  const other = { json: 'check' } as never;
  expect(() => holdEvents('http://x.invalid/', { holdOpen: other })).toThrow(OptionError);
});

test.each([
  ['data: a\r\rdata: b\r\r', ['a', 'b']],
  ['data: a\r\n\r\ndata: b\r\n\r\n', ['a', 'b']],
  ['data: a\n\ndata: b\r\r', ['a', 'b']],
  // Without a blank line behind it an event is none.
  ['data: a\r\rdata: b\r', ['a']],
  ['data: a\n\ndata: b\n', ['a']],
])('the last event before an end is told, however its lines end: %j', async (text, expected) => {
  await using server = await RawServer.start((socket) => {
    socket.write(chunkedHead(SSE) + chunk(text) + END);
  });
  expect(dataOf(await readAll(holdEvents(server.url)))).toEqual(expected);
});

test('an isTerminal that throws ends the events behind those that came before', async () => {
  let isClosed = false;
  await using server = await RawServer.start((socket) => {
    socket.on('close', () => {
      isClosed = true;
    });
    socket.write(chunkedHead(SSE) + chunk('data: 1\n\ndata: 2\n\ndata: {\n\ndata: 4\n\n'));
  });
  const isTerminal = ({ data }: HoldEvent) => JSON.parse(data) === 'the end';
  const read = await readAll(holdEvents(server.url, { holdOpen: { isTerminal } }));
  expect(dataOf(read)).toEqual(['1', '2', '{']);
  expect(read.error).toBeInstanceOf(SyntaxError);
  await until('the connection is closed', () => isClosed);
});

describe('an event id', () => {
  test.each([
    ['ключ-1', 'ключ-1'],
    ['é', 'é'],
    ['🙂', '🙂'],
    ['a\u0001b', undefined],
    ['', undefined],
  ])('%j is sent in UTF-8, or not at all', async (id, sent) => {
    await using server = await RawServer.start((socket, { count }) => {
      const event = count === 1 ? `id: ${id}\ndata: one\n\n` : 'id: 2\ndata: two\n\n';
      socket.write(chunkedHead({ type: 'text/event-stream' }) + chunk(event));
      if (count > 1) socket.write(END);
      else setTimeout(() => socket.destroy(), 20);
    });
    const data: string[] = [];
    for await (const event of holdEvents(server.url, { holdOpen: { retry: { baseMs: 5 } } })) {
      data.push(event.data);
    }
    expect(data).toEqual(['one', 'two']);
    const header = /^last-event-id: *(.*)$/im.exec(server.requests[1]?.head ?? '')?.[1];
    expect(header && Buffer.from(header, 'latin1').toString()).toBe(sent);
  });
});

describe('a stream that does not say where to go on', () => {
  const breaking = () =>
    RawServer.start((socket) => {
      socket.write(chunkedHead({ type: 'text/event-stream' }) + chunk('data: one\n\n'));
      setTimeout(() => socket.destroy(), 20);
    });
  const read = async (url: string, init: RequestInit, idempotencyKey: boolean) => {
    const data: string[] = [];
    const holdOpen = { idempotencyKey, retry: { baseMs: 1, maxAttempts: 3 } };
    try {
      for await (const event of holdEvents(url, { ...init, holdOpen })) data.push(event.data);
    } catch (error) {
      return [data.length, (error as { failure?: string }).failure];
    }
    return [data.length, undefined];
  };

  test('is given once if it was made for a POST', async () => {
    await using server = await breaking();
    const [count, failure] = await read(server.url, { method: 'POST', body: 'a poem' }, true);
    expect([count, failure, server.requests.length]).toEqual([1, expect.any(String), 1]);
  });

  test('is asked for again by a GET, and not for ever', async () => {
    await using server = await breaking();
    expect(await read(server.url, {}, false)).toEqual([3, expect.any(String)]);
    expect(server.requests).toHaveLength(3);
  });
});
