/** What is kept over a reload, and which key counts. */
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { until } from '../../../test/support/until.js';
import { type HoldOptions, holdEvents, holdFetch } from '../src/index.js';
import { keeping } from './support/keeping.js';
import { chunk, chunkedHead, END, plain, RawServer } from './support/raw-server.js';
import { numbers, RunServer } from './support/run-server.js';

const POST = { method: 'POST', body: '{}' } as const;

const answering = () => RawServer.start((socket) => socket.write(plain('7')));

/** Method, path and key of each request. */
const asked = ({ requests }: RawServer) =>
  requests.map(({ head }) => {
    const [line = ''] = head.split(' HTTP');
    return `${line} ${/^idempotency-key: (.*)$/im.exec(head)?.[1]}`;
  });

test.each<[string, HoldOptions, Record<string, string>]>([
  ['option', { idempotencyKey: 'second' }, {}],
  ['header', {}, { 'Idempotency-Key': 'second' }],
])('a key that is given as %s is for other work than a kept one', async (_, own, headers) => {
  await using server = await answering();
  const { kept, holdOpen } = keeping();
  const old = { key: 'first', place: `${server.url}runs/1`, cursor: 'ho1.1.a.1' };
  kept.set('task', JSON.stringify(old));
  const options = { ...holdOpen, ...own };
  const response = await holdFetch(server.url, { ...POST, headers, holdOpen: options });
  expect(JSON.parse(kept.get('task') ?? '')).toEqual({ key: 'second' });
  await response.text();
  expect(asked(server)).toEqual(['POST / second']);
  expect(server.requests[0]?.head).not.toMatch(/last-event-id/i);
});

const OF_RUN = { Link: '</runs/1>; rel="status"', 'HoldOpen-Run': 'hr1.x' };

test('a key that is given and kept goes on where it was', async () => {
  await using server = await RawServer.start((socket) =>
    socket.write(plain('7', { headers: OF_RUN })),
  );
  const { kept, holdOpen } = keeping();
  kept.set('task', JSON.stringify({ key: 'same', place: `${server.url}runs/1` }));
  const options = { ...holdOpen, idempotencyKey: 'same' };
  await (await holdFetch(server.url, { ...POST, holdOpen: options })).text();
  expect(asked(server)).toEqual(['GET /runs/1/result undefined']);
});

/** As a storage that is far away. */
function far({ getItem, setItem, removeItem }: ReturnType<typeof keeping>['storage']) {
  const soon = () => new Promise((resolve) => setTimeout(resolve, 5));
  return {
    getItem: (name: string) => soon().then(() => getItem(name)),
    setItem: (name: string, value: string) => soon().then(() => setItem(name, value)),
    removeItem: (name: string) => soon().then(() => removeItem(name)),
  };
}

test.each([
  ['a storage of the page', (storage: ReturnType<typeof keeping>['storage']) => storage],
  ['a storage that takes its time', far],
])('two calls at once under one name are one piece of work: %s', async (_, storageOf) => {
  await using server = await RunServer.start((self) => numbers(4, self));
  server.gate.open();
  const { kept, storage: near } = keeping();
  const storage = storageOf(near);
  const read = async (name: string) => {
    const data: string[] = [];
    const persist = { storage, name };
    const events = holdEvents(server.url, { ...POST, holdOpen: { persist } });
    for await (const event of events) data.push(event.data);
    return data.join('');
  };
  expect(await Promise.all([read('a'), read('a'), read('a'), read('b')])).toEqual([
    '0123',
    '0123',
    '0123',
    '0123',
  ]);
  expect(server.starts).toBe(2);
  expect(kept.size).toBe(0);
  // What comes behind the end is new work.
  await read('a');
  expect(server.starts).toBe(3);
});

test('until an answer is read to its end, the next call is given it again', async () => {
  await using server = await RawServer.start((socket) =>
    socket.write(chunkedHead() + chunk('[7]') + END),
  );
  const { kept, holdOpen } = keeping();
  const first = await holdFetch(server.url, { ...POST, holdOpen });
  const { key } = JSON.parse(kept.get('task') ?? '{}');
  expect(first.ok).toBe(true);
  await (await holdFetch(server.url, { ...POST, holdOpen })).text();
  expect(asked(server)).toEqual([`POST / ${key}`, `POST / ${key}`]);
  expect(kept.size).toBe(0);
});

const keyOf = (head: string) => /^idempotency-key: *(.*)$/im.exec(head)?.[1];

test('what an older answer comes to changes nothing that is kept of newer work', async () => {
  const sockets = new Map<string | undefined, Socket>();
  await using server = await RawServer.start((socket, { head }) => {
    sockets.set(keyOf(head), socket);
    if (keyOf(head) === 'first') socket.write(chunkedHead({ type: 'text/plain' }) + chunk('old'));
  });
  const { kept, holdOpen } = keeping();
  const ask = (idempotencyKey: string, signal?: AbortSignal) =>
    holdFetch(server.url, {
      ...POST,
      signal: signal ?? null,
      holdOpen: { ...holdOpen, idempotencyKey },
    });
  const text = (await ask('first')).text();
  const leaving = new AbortController();
  const second = ask('second', leaving.signal).catch(() => {});
  await until('the second is under way', () => sockets.has('second'));
  sockets.get('first')?.write(END);
  await text;
  expect(JSON.parse(kept.get('task') ?? '{}')).toMatchObject({ key: 'second' });
  leaving.abort();
  await second;
});

test('an event of older work does not put its key in the place of the newer', async () => {
  let first: Socket | undefined;
  await using server = await RawServer.start((socket, { head }) => {
    if (keyOf(head) !== 'first') return;
    first = socket;
    socket.write(chunkedHead({ type: 'text/event-stream' }) + chunk('id: 1\ndata: one\n\n'));
  });
  const { kept, storage, holdOpen } = keeping();
  const older = holdEvents(server.url, {
    ...POST,
    holdOpen: { ...holdOpen, idempotencyKey: 'first' },
  });
  await older.next();
  storage.setItem('task', JSON.stringify({ key: 'second' }));
  first?.write(chunk('id: 2\ndata: two\n\n') + END);
  expect((await older.next()).value?.data).toBe('two');
  await older.next();
  expect(JSON.parse(kept.get('task') ?? '{}')).toEqual({ key: 'second' });
});

test('a storage that hangs stops nobody who has another', async () => {
  await using server = await answering();
  const { holdOpen } = keeping();
  const hanging = { ...keeping().storage, getItem: () => new Promise<null>(() => {}) };
  const leaving = new AbortController();
  const stuck = holdFetch(server.url, {
    ...POST,
    signal: leaving.signal,
    holdOpen: { persist: { storage: hanging, name: 'task' } },
  }).catch(() => {});
  expect((await holdFetch(server.url, { ...POST, holdOpen })).status).toBe(200);
  leaving.abort();
  await stuck;
});

test('an answer that says that the work goes on does not end what is kept of it', async () => {
  await using server = await RawServer.start((socket) => socket.write(plain('', { status: 202 })));
  const { kept, holdOpen } = keeping();
  await (await holdFetch(server.url, { ...POST, holdOpen })).text();
  expect(kept.size).toBe(1);
});
