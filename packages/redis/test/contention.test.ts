import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRedisStore } from '../src/index.js';
import { bytes, claimOf, entriesOf, started } from './support/run.js';
import { RedisServer } from './support/server.js';

let server: RedisServer;

beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());

/** As many processes have them: nothing is shared but the server. */
function openMany(count: number) {
  return Array.from({ length: count }, () => createRedisStore({ url: server.url }));
}

test('each of many keys that processes contend for is started once, and again after a release', async () => {
  const stores = openMany(4);
  const slots = Array.from({ length: 100 }, (_, i) => `contended-${i}`.padEnd(22, '-'));
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    await Promise.all(
      slots.map(async (slot) => {
        const answers = await Promise.all(stores.map((store) => store.claim(claimOf({ slot }))));
        const winners = answers.filter(({ outcome }) => outcome === 'started');
        expect(winners).toHaveLength(1);
        const [winner] = winners;
        if (winner === undefined) return;
        expect(winner.record.attempt).toBe(attempt);
        expect(new Set(answers.map(({ record }) => record.fence.epoch)).size).toBe(1);
        const { run, fence } = winner.record;
        const end = { run, fence, expectedTail: 0, entry: bytes('end'), retentionMs: 60_000 };
        await stores[0]?.settle({ ...end, state: 'released' });
      }),
    );
  }
  await Promise.all(stores.map((store) => store.close()));
});

test('of two processes that take themselves for the owner one writes each entry', async () => {
  const stores = openMany(2);
  const [first] = stores;
  if (first === undefined) throw new Error('no store');
  const record = await started(first);
  const { run, fence } = record;
  const written: string[] = [];
  await Promise.all(
    stores.map(async (store, who) => {
      let tail = 0;
      while (tail < 200) {
        const text = `${who} at ${tail + 1}`;
        const answer = await store.append({
          run,
          fence,
          expectedTail: tail,
          entries: [bytes(text)],
        });
        if (answer.ok) written[tail] = text;
        tail = answer.record?.tail ?? tail;
      }
    }),
  );
  const found = await entriesOf(first, record);
  expect(found.map((entry) => Buffer.from(entry.bytes).toString())).toEqual(written);
  await Promise.all(stores.map((store) => store.close()));
});

test('a claim that arrives a second time when its run is over starts nothing', async () => {
  const [store] = openMany(1);
  if (store === undefined) throw new Error('no store');
  const request = claimOf();
  const { run, fence } = (await store.claim(request)).record;
  const end = { run, fence, expectedTail: 0, entry: bytes('end'), retentionMs: 60_000 };
  await store.settle({ ...end, state: 'released' });
  expect(await store.claim(request)).toMatchObject({ outcome: 'exists', record: { attempt: 1 } });
  const slot = run.slice(0, 22);
  expect(await store.claim(claimOf({ slot }))).toMatchObject({ outcome: 'started' });
  await store.close();
});
