import { encodeEntry, RunFeeds, slotOfRun } from '@holdopen/runs';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRedisStore } from '../src/index.js';
import { bytes, claimOf, codeOf, entriesOf, started } from './support/run.js';
import { RedisServer } from './support/server.js';

let server: RedisServer;

beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());

test('any bytes come back as they were given, in any batches', async () => {
  const store = createRedisStore({ url: server.url });
  const bodies = fc.array(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 }), {
    maxLength: 5,
  });
  await fc.assert(
    fc.asyncProperty(bodies, fc.uint8Array({ maxLength: 300 }), async (batches, head) => {
      const record = await started(store);
      const { run, fence } = record;
      let tail = 0;
      for (const entries of batches) {
        const answer = await store.append({ run, fence, expectedTail: tail, entries, head });
        tail += entries.length;
        expect(answer).toMatchObject({ ok: true, record: { tail } });
        // Bytes that Lua or Redis would compare as something else would be refused here.
        const again = { run, fence, expectedTail: tail - entries.length, entries, head };
        expect(await store.append(again)).toMatchObject({ ok: true, record: { tail } });
      }
      const given = batches.flat();
      const found = await entriesOf(store, record);
      expect(found.map((entry) => entry.bytes)).toEqual(given);
      const now = await store.get(run);
      expect(now?.head).toEqual(batches.length > 0 ? head : undefined);
      const size = given.reduce((sum, one) => sum + one.length, 0);
      expect(now?.logBytes).toBe(size + (now?.head?.length ?? 0));
    }),
    { numRuns: 50 },
  );
  await store.close();
});

test('whatever a principal, a route and a fingerprint are made of, they stay apart', async () => {
  const store = createRedisStore({ url: server.url });
  const odd = ['{a}', '', '1', 'a\r\n*1\r\n', '雪 🌨', 'x'.repeat(5_000), '-inf', '__proto__'];
  for (const principal of odd.filter((text) => text !== '')) {
    const request = claimOf({ principal, route: `POST ${principal}`, fingerprint: principal });
    const { record } = await store.claim(request);
    const { route, fingerprint } = request;
    expect(record).toMatchObject({ principal, route, fingerprint });
    expect((await store.list(principal, 10)).map(({ run }) => run)).toEqual([record.run]);
  }
  await store.close();
});

test('large entries are read a page at a time, with no hole between pages', async () => {
  const store = createRedisStore({ url: server.url });
  const { run, fence } = await started(store);
  const sizes = [1, 200_000, 3, 900_000, 0, 0, 50_000, 7];
  const entries = sizes.map((size, i) => new Uint8Array(size).fill(i));
  await store.append({ run, fence, expectedTail: 0, entries });
  const found: number[] = [];
  for (let after = 0; after < sizes.length; after = found.length) {
    const page = await store.read({
      ...{ run, epoch: fence.epoch, after },
      maxEntries: 3,
      maxBytes: 100_000,
    });
    expect(page?.entries.length).toBeGreaterThan(0);
    for (const { offset, bytes: body } of page?.entries ?? []) {
      expect(offset).toBe(found.length + 1);
      found.push(body.length);
    }
    // It ends with the entry that reaches the limit.
    const before = (page?.entries ?? []).slice(0, -1);
    expect(before.reduce((sum, entry) => sum + entry.bytes.length, 0)).toBeLessThan(100_000);
  }
  expect(found).toEqual(sizes);
  await store.close();
});

test('a log of many entries is read to its end', async () => {
  const store = createRedisStore({ url: server.url });
  const record = await started(store);
  const { run, fence } = record;
  for (let tail = 0; tail < 6_000; tail += 2_000) {
    const entries = Array.from({ length: 2_000 }, (_, i) => bytes(String(tail + i + 1)));
    await store.append({ run, fence, expectedTail: tail, entries });
  }
  const found = await entriesOf(store, record);
  expect(found).toHaveLength(6_000);
  expect(found.every(({ offset }, i) => offset === i + 1)).toBe(true);
  await store.close();
});

test('what is behind a hole is not read, and a watcher is told', async () => {
  const prefix = 'hole:';
  const store = createRedisStore({ url: server.url, prefix });
  for (const hole of [1, 3, 5]) {
    const record = await started(store);
    const { run, fence } = record;
    const entries = [1, 2, 3, 4, 5].map((i) =>
      encodeEntry({ kind: 'chunk', bytes: bytes(`${i}`) }),
    );
    await store.append({ run, fence, expectedTail: 0, entries });
    await server.command('XDEL', `${prefix}{${slotOfRun(run)}}:log`, `${hole}-0`);
    const offsets = (await entriesOf(store, record)).map(({ offset }) => offset);
    expect(offsets).toEqual([1, 2, 3, 4].slice(0, hole - 1));
    const watched: unknown[] = [];
    const watching = async () => {
      const { signal } = new AbortController();
      for await (const item of new RunFeeds(store).watch(run, { signal })) watched.push(item);
    };
    expect(await codeOf(watching())).toBe('cursor_lost');
    expect(watched).toHaveLength(hole - 1);
  }
  await store.close();
});
