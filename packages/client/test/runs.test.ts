/** Work that outlives its connections, on real servers with a bad path between. */
import { expect, test } from 'vitest';
import { until } from '../../../test/support/until.js';
import {
  type HoldEvent,
  type HoldOpenError,
  type HoldState,
  holdEvents,
  holdFetch,
} from '../src/index.js';
import { BadPath } from './support/bad-path.js';
import { keeping } from './support/keeping.js';
import { numbers, RunServer } from './support/run-server.js';

const KEYED = { idempotencyKey: true, retry: { baseMs: 5 } } as const;
const POST = { method: 'POST', body: '{"prompt":"hello"}' } as const;
const all = (count: number): string[] => Array.from({ length: count }, (_, index) => `${index}`);

async function readAll(events: AsyncIterable<HoldEvent>, onEvent?: (event: HoldEvent) => void) {
  const read: HoldEvent[] = [];
  let error: HoldOpenError | undefined;
  try {
    for await (const event of events) {
      read.push(event);
      onEvent?.(event);
    }
  } catch (caught) {
    error = caught as HoldOpenError;
  }
  return { read, data: read.map(({ data }) => data), error };
}

test('every event comes once and in order through a path that breaks all the time', async () => {
  await using server = await RunServer.start((self) => numbers(60, self));
  server.gate.open();
  let seed = 7;
  const chance = () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return 700 + (seed % 3_000);
  };
  await using path = await BadPath.to(server.port, { maxBytes: chance });
  const { data, error } = await readAll(holdEvents(path.url, { ...POST, holdOpen: KEYED }));
  expect(error).toBe(undefined);
  expect(data).toEqual(all(60));
  expect(server.starts).toBe(1);
  expect(path.connections).toBeGreaterThan(3);
});

test('an event has its own id, and the place to go on from beside it', async () => {
  await using server = await RunServer.start((self) => numbers(2, self));
  server.gate.open();
  const { read } = await readAll(holdEvents(server.url, { ...POST, holdOpen: KEYED }));
  expect(read.map(({ id }) => id)).toEqual(['own-0', 'own-1']);
  expect(read[1]?.cursor).toMatch(/^ho1\..*\.2~own-1$/);
});

test('a page is told that the work goes on while its connection is gone', async () => {
  await using server = await RunServer.start((self) => numbers(4, self));
  await using path = await BadPath.to(server.port);
  const states: HoldState[] = [];
  const { data } = await readAll(
    holdEvents(path.url, {
      ...POST,
      holdOpen: {
        ...KEYED,
        onState(state) {
          states.push(state);
          if (state.state === 'running') server.gate.open();
        },
      },
    }),
    ({ data }) => data === '1' && path.breakAll(),
  );
  expect(data).toEqual(all(4));
  expect(states.map(({ state }) => state)).toEqual([
    'connecting',
    'live',
    'reconnecting',
    'running',
    'connecting',
    'live',
    'completed',
  ]);
  expect(states.find(({ state }) => state === 'running')?.run).toMatchObject({ state: 'running' });
});

test('a page knows where its work can be stopped before there is an answer', async () => {
  await using server = await RunServer.start(async (self) => {
    await self.gate.opened;
    return Response.json({ answer: 42 });
  });
  const places: (string | undefined)[] = [];
  const response = await holdFetch(server.url, {
    ...POST,
    holdOpen: {
      ...KEYED,
      onState({ runUrl }) {
        places.push(runUrl);
        // Nothing comes of the work until the page knows.
        if (runUrl !== undefined) server.gate.open();
      },
    },
  });
  expect(places.slice(0, 2)).toEqual([undefined, response.holdOpen?.runUrl]);
});

test('a document survives its connection, and its work is done once', async () => {
  await using server = await RunServer.start(async (self) => {
    await self.gate.opened;
    return Response.json({ answer: 42 }, { status: 201 });
  });
  await using path = await BadPath.to(server.port);
  const asked = holdFetch(path.url, { ...POST, holdOpen: KEYED });
  await until('the work has begun', () => server.starts === 1);
  path.breakAll();
  await until('the client is back', () => server.requests.length >= 2);
  path.breakAll();
  server.gate.open();
  const response = await asked;
  expect([response.status, await response.json()]).toEqual([201, { answer: 42 }]);
  expect(response.holdOpen?.runUrl).toMatch(/\/runs\//);
  expect(server.starts).toBe(1);
  const bodies = server.requests.filter(({ method }) => method === 'POST');
  expect(new Set(bodies.map(({ headers }) => headers.get('idempotency-key'))).size).toBe(1);
});

test('a document that breaks off half way is asked for again, and nobody sees the half', async () => {
  const document = JSON.stringify({ text: 'x'.repeat(40_000) });
  await using server = await RunServer.start(
    () => new Response(document, { headers: { 'Content-Type': 'application/json' } }),
  );
  const limits = [20_000, 30_000, 1_000_000, 1_000_000, 1_000_000];
  await using path = await BadPath.to(server.port, {
    maxBytes: () => limits.shift() ?? 1_000_000,
  });
  const response = await holdFetch(path.url, { ...POST, holdOpen: KEYED });
  expect(await response.text()).toBe(document);
  expect(server.starts).toBe(1);
});

test('an error of the work is an answer, however often its connection broke', async () => {
  await using server = await RunServer.start(async (self) => {
    await self.gate.opened;
    return Response.json({ why: 'no' }, { status: 422 });
  });
  await using path = await BadPath.to(server.port);
  const asked = holdFetch(path.url, { ...POST, holdOpen: KEYED });
  await until('the work has begun', () => server.starts === 1);
  path.breakAll();
  server.gate.open();
  const response = await asked;
  expect([response.status, await response.json()]).toEqual([422, { why: 'no' }]);
  expect(server.starts).toBe(1);
});

test('work that failed tells it in the stream', async () => {
  await using server = await RunServer.start(
    () =>
      new Response(
        new ReadableStream({
          start(controller) {
            controller.enqueue(new TextEncoder().encode('data: 0\n\n'));
          },
          pull() {
            throw new Error('secret');
          },
        }),
        { headers: { 'Content-Type': 'text/event-stream' } },
      ),
  );
  const states: string[] = [];
  const { data, error } = await readAll(
    holdEvents(server.url, {
      ...POST,
      holdOpen: { ...KEYED, onState: ({ state }) => states.push(state) },
    }),
  );
  expect(data).toEqual(['0']);
  expect(error).toMatchObject({ code: 'HOLDOPEN_FAILED', status: 500 });
  // Its key is answered with this failure from now on.
  expect(error?.message).toMatch(
    /Its key, error\.idempotencyKey, has no other answer: a new key starts/,
  );
  expect(error?.message).not.toMatch(/same key/);
  expect(states.at(-1)).toBe('failed');
});

test('work that was cancelled says so', async () => {
  await using server = await RunServer.start((self) => numbers(4, self), { cancelGraceMs: 20 });
  const { error } = await readAll(
    holdEvents(server.url, { ...POST, holdOpen: KEYED }),
    ({ data, cursor }) => {
      if (data !== '1') return;
      const run = cursor?.split('.')[1];
      void fetch(`${server.url}runs/${run}`, { method: 'DELETE' });
    },
  );
  expect(error).toMatchObject({ code: 'HOLDOPEN_CANCELLED' });
});

test('work that died with its process is lost, and not begun again', async () => {
  await using first = await RunServer.start((self) => numbers(4, self));
  await using second = await RunServer.start((self) => numbers(4, self));
  await using path = await BadPath.to(first.port);
  const states: string[] = [];
  const { data, error } = await readAll(
    holdEvents(path.url, {
      ...POST,
      holdOpen: { ...KEYED, onState: ({ state }) => states.push(state) },
    }),
    ({ data }) => {
      if (data !== '1') return;
      path.port = second.port;
      path.breakAll();
    },
  );
  expect(data).toEqual(['0', '1']);
  expect(error?.code).toMatch(/^HOLDOPEN_(?:LOST|RESTARTED)$/);
  expect(states.at(-1)).toBe(error?.code === 'HOLDOPEN_LOST' ? 'lost' : 'failed');
});

test('work that was given up before anything was seen of it begins again under its key', async () => {
  await using first = await RunServer.start(async (self) => {
    await self.gate.opened;
    return numbers(2, self);
  });
  await using second = await RunServer.start((self) => numbers(2, self));
  second.gate.open();
  await using path = await BadPath.to(first.port);
  const reading = readAll(holdEvents(path.url, { ...POST, holdOpen: KEYED }));
  await until('the work has begun', () => first.starts === 1);
  path.port = second.port;
  const drained = first.runs.drain({ timeoutMs: 1 });
  const { data, error } = await reading;
  await drained;
  expect([data, error]).toEqual([all(2), undefined]);
});

test('when it gives up, the error says that the work goes on, and where', async () => {
  await using server = await RunServer.start((self) => numbers(4, self));
  await using path = await BadPath.to(server.port);
  const { data, error } = await readAll(
    holdEvents(path.url, { ...POST, holdOpen: { ...KEYED, retry: false } }),
    ({ data }) => data === '1' && path.breakAll(),
  );
  expect(data).toEqual(all(2));
  expect(error).toMatchObject({ failure: 'closed', run: { state: 'running' } });
  expect(error?.message).toMatch(
    /The work goes on on the server: http.*\/runs\/[^ ]+ knows, events behind Last-Event-ID ho1\./,
  );
});

test('a page that is loaded again goes on where it was', async () => {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => void kept.set(name, value),
    removeItem: (name: string) => void kept.delete(name),
  };
  const holdOpen = { persist: { storage, name: 'task' } };
  await using server = await RunServer.start((self) => numbers(6, self));
  const seen: string[] = [];
  for await (const { data } of holdEvents(server.url, { ...POST, holdOpen })) {
    seen.push(data);
    // The page goes while it handles this one: it is shown again.
    if (data === '2') break;
  }
  expect(kept.get('task')).not.toContain('hr1.');
  server.gate.open();
  const { data } = await readAll(holdEvents(server.url, { ...POST, holdOpen }));
  expect([...seen, ...data]).toEqual(['0', '1', '2', '2', '3', '4', '5']);
  expect(server.starts).toBe(1);
  expect(kept.size).toBe(0);
});

test('a page whose login has gone keeps its key, and joins its work when it is back', async () => {
  const { kept, holdOpen } = keeping();
  await using server = await RunServer.start(async (self) => {
    await self.gate.opened;
    return Response.json([1]);
  });
  const controller = new AbortController();
  const left = holdFetch(server.url, { ...POST, holdOpen, signal: controller.signal });
  await until('the work has begun', () => server.starts === 1);
  controller.abort();
  await expect(left).rejects.toThrow();
  const key = JSON.parse(kept.get('task') ?? '{}').key;
  server.allows = () => false;
  // Its place was never told: the head had not gone out, or went with the connection.
  kept.set('task', JSON.stringify({ key }));
  const refused = await holdFetch(server.url, { ...POST, holdOpen });
  expect([401, 403]).toContain(refused.status);
  await refused.text();
  expect(JSON.parse(kept.get('task') ?? '{}').key).toBe(key);
  server.allows = () => true;
  server.gate.open();
  expect(await (await holdFetch(server.url, { ...POST, holdOpen })).json()).toEqual([1]);
  expect([server.starts, kept.size]).toEqual([1, 0]);
});

test('work that has failed is not what a page comes back to', async () => {
  const { kept, holdOpen } = keeping();
  await using server = await RunServer.start((self) => numbers(4, self), { cancelGraceMs: 20 });
  const { error } = await readAll(
    holdEvents(server.url, { ...POST, holdOpen }),
    ({ data, cursor }) => {
      if (data !== '1') return;
      void fetch(`${server.url}runs/${cursor?.split('.')[1]}`, { method: 'DELETE' });
    },
  );
  expect(error).toMatchObject({ code: 'HOLDOPEN_CANCELLED' });
  expect(kept.size).toBe(0);
});

test('a page that is loaded again gets the document that was made meanwhile', async () => {
  const kept = new Map<string, string>();
  const storage = {
    getItem: async (name: string) => kept.get(name) ?? null,
    setItem: async (name: string, value: string) => void kept.set(name, value),
    removeItem: async (name: string) => void kept.delete(name),
  };
  const holdOpen = { persist: { storage, name: 'task' } };
  await using server = await RunServer.start(async (self) => {
    await self.gate.opened;
    return Response.json([1]);
  });
  const controller = new AbortController();
  const left = holdFetch(server.url, { ...POST, holdOpen, signal: controller.signal });
  await until('the work has begun', () => server.starts === 1);
  controller.abort();
  await expect(left).rejects.toThrow();
  server.gate.open();
  const response = await holdFetch(server.url, { ...POST, holdOpen });
  expect(await response.json()).toEqual([1]);
  expect([server.starts, kept.size]).toEqual([1, 0]);
});
