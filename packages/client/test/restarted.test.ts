/** Work that was given up while a client was away, and that another has begun anew under its key. */

import { createMemoryStore } from '@holdopen/runs';
import { expect, test } from 'vitest';
import { type HoldOptions, holdEvents } from '../src/index.js';
import { BadPath } from './support/bad-path.js';
import { keeping } from './support/keeping.js';
import { chunk, chunkedHead, END, plain, RawServer } from './support/raw-server.js';
import { numbers, RunServer } from './support/run-server.js';

const POST = { method: 'POST', body: '{}' } as const;
const OF_RUN = { Link: '</runs/1>; rel="status"', 'HoldOpen-Run': 'hr1.x' };
const EVENTS = { type: 'text/event-stream', headers: OF_RUN };
const LOST = { status: 410, type: 'application/problem+json', headers: OF_RUN };

const LOST_AT_ONCE = plain('{"status":410,"code":"cursor_lost"}', LOST);
/** What a watcher is told whose log goes away under it. */
const LOST_LATER =
  chunkedHead(EVENTS) + chunk('event: error\ndata: {"status":410,"code":"cursor_lost"}\n\n') + END;

/** A run of which one start was given up and the next goes on. `first`: what came of the one. */
function startedAnew(first: string, again = [LOST_AT_ONCE]): Promise<RawServer> {
  return RawServer.start((socket, { head, count }) => {
    if (count === 1) return socket.end(chunkedHead(EVENTS) + chunk(first));
    if (head.startsWith('GET /runs/1 ')) {
      return socket.write(plain('{"state":"running"}', { type: 'application/json' }));
    }
    if (!/^last-event-id: *ho1\.1\.a\./im.test(head)) {
      const events = 'id: ho1.1.b.1\ndata: anew\n\nid: ho1.1.b.2c\n\n';
      return socket.write(chunkedHead(EVENTS) + chunk(events) + END);
    }
    return socket.write((again.length > 1 ? again.shift() : again[0]) ?? '');
  });
}

const posts = ({ requests }: RawServer) =>
  requests.filter(({ head }) => head.startsWith('POST')).length;

async function read(url: string, holdOpen: HoldOptions) {
  const data: string[] = [];
  try {
    for await (const event of holdEvents(url, { ...POST, holdOpen })) data.push(event.data);
    return { data, code: undefined };
  } catch (error) {
    return { data, code: (error as { code?: string }).code };
  }
}

test.each([
  ['asks', [LOST_AT_ONCE]],
  // Nobody may have begun it anew: the place is asked.
  ['is told in the stream', [LOST_LATER, LOST_AT_ONCE]],
])('whoever has seen events of it and %s is told that it was begun anew', async (_, again) => {
  await using server = await startedAnew('id: ho1.1.a.1\ndata: seen\n\n', [...again]);
  const { kept, holdOpen } = keeping();
  expect(await read(server.url, holdOpen)).toEqual({ data: ['seen'], code: 'HOLDOPEN_RESTARTED' });
  // The next call has all of it, under the same key.
  expect(JSON.parse(kept.get('task') ?? '{}')).toMatchObject({ key: expect.any(String) });
  expect(await read(server.url, holdOpen)).toEqual({ data: ['anew'], code: undefined });
  expect([posts(server), kept.size]).toEqual([1, 0]);
});

test('whoever has seen none of it is given the events of the new start', async () => {
  await using server = await startedAnew('id: ho1.1.a.0\n\n');
  const holdOpen = { idempotencyKey: 'k', retry: { baseMs: 5 } };
  expect(await read(server.url, holdOpen)).toEqual({ data: ['anew'], code: undefined });
  expect(posts(server)).toBe(1);
});

test('a page that was loaded again has seen what the page before it has handled', async () => {
  const { kept, holdOpen } = keeping();
  await using server = await startedAnew('id: ho1.1.a.1\ndata: seen\n\n');
  for await (const _ of holdEvents(server.url, { ...POST, holdOpen: { ...holdOpen } })) break;
  const { key } = JSON.parse(kept.get('task') ?? '{}');
  kept.set('task', JSON.stringify({ key, place: `${server.url}runs/1`, cursor: 'ho1.1.a.1' }));
  expect(await read(server.url, holdOpen)).toEqual({ data: [], code: 'HOLDOPEN_RESTARTED' });
  expect(await read(server.url, holdOpen)).toEqual({ data: ['anew'], code: undefined });
});

test('in real runs: another client has begun it anew, and both have all of it', async () => {
  const shared = { store: createMemoryStore(), secret: 'a secret of both, and long enough' };
  await using first = await RunServer.start((self) => numbers(4, self), shared);
  await using second = await RunServer.start((self) => numbers(2, self), shared);
  second.gate.open();
  await using path = await BadPath.to(first.port);
  const { kept, holdOpen } = keeping();
  for await (const { data } of holdEvents(path.url, { ...POST, holdOpen })) {
    if (data === '1') break;
  }
  const text = kept.get('task') ?? '{}';
  await first.runs.drain({ timeoutMs: 1 });
  path.port = second.port;
  path.breakAll();
  const { key: idempotencyKey } = JSON.parse(text);
  expect((await read(path.url, { idempotencyKey })).data).toEqual(['0', '1']);
  expect(await read(path.url, holdOpen)).toEqual({ data: [], code: 'HOLDOPEN_RESTARTED' });
  expect(await read(path.url, holdOpen)).toEqual({ data: ['0', '1'], code: undefined });
  expect([first.starts, second.starts]).toEqual([1, 1]);
});

test('a failure is told by its place, too, where the head came before the run was known', async () => {
  const failed = 'event: error\nid: ho1.1.a.2f\ndata: {"status":500,"code":"failed"}\n\n';
  await using server = await RawServer.start((socket) =>
    socket.write(
      chunkedHead({ type: 'text/event-stream' }) +
        chunk(`id: ho1.1.a.1\ndata: 0\n\n${failed}`) +
        END,
    ),
  );
  const told = await read(server.url, { idempotencyKey: 'k' });
  expect(told).toEqual({ data: ['0'], code: 'HOLDOPEN_FAILED' });
});
