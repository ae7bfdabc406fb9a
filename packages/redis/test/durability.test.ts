import {
  RunFeeds,
  RunWriter,
  resolveOwnerOptions,
  type StoredEntry,
  systemTimers,
} from '@holdopen/runs';
import { afterEach, expect, test } from 'vitest';
import { createRedisStore } from '../src/index.js';
import { bytes, claimOf, codeOf, entriesOf, started } from './support/run.js';
import { RedisServer } from './support/server.js';
import { until } from './support/until.js';

const EACH_WRITE_ON_DISK = ['--appendonly', 'yes', '--appendfsync', 'always'];

let server: RedisServer;

afterEach(() => server.stop());

test('a server killed under load has every acknowledged entry when it is back', async () => {
  server = await RedisServer.start(...EACH_WRITE_ON_DISK);
  const store = createRedisStore({ url: server.url, commandTimeoutMs: 2_000 });
  const owners = await Promise.all(
    Array.from({ length: 8 }, async () => {
      const record = await started(store);
      return { record, acknowledged: 0, sent: 0 };
    }),
  );
  let isOver = false;
  const work = owners.map(async (owner) => {
    const { run, fence } = owner.record;
    while (!isOver) {
      const entries = [1, 2, 3].map((i) => bytes(`${run} ${owner.acknowledged + i}`));
      owner.sent = owner.acknowledged + entries.length;
      const request = { run, fence, expectedTail: owner.acknowledged, entries };
      const answer = await store.append(request).catch(() => undefined);
      if (answer?.ok === false) throw new Error(`refused: ${answer.reason}`);
      if (answer?.ok) owner.acknowledged = answer.record.tail;
    }
  });
  for (let round = 0; round < 3; round += 1) {
    const before = owners.map(({ acknowledged }) => acknowledged);
    await until('all have written', () =>
      owners.every(({ acknowledged }, i) => acknowledged > (before[i] ?? 0) + 30),
    );
    await server.kill();
    const acknowledged = owners.map((owner) => owner.acknowledged);
    await server.restart();
    for (const [i, { record, sent }] of owners.entries()) {
      const tail = (await store.get(record.run).catch(() => undefined))?.tail;
      if (tail !== undefined) expect(tail).toBeGreaterThanOrEqual(acknowledged[i] ?? 0);
      expect(sent).toBeGreaterThanOrEqual(acknowledged[i] ?? 0);
    }
  }
  isOver = true;
  await Promise.all(work);
  for (const { record, acknowledged } of owners) {
    const entries = await entriesOf(store, record);
    expect(entries.length).toBe(acknowledged);
    entries.forEach((entry: StoredEntry, i) => {
      expect(entry.offset).toBe(i + 1);
      expect(Buffer.from(entry.bytes).toString()).toBe(`${record.run} ${i + 1}`);
    });
  }
  await store.close();
});

test('a claim that was acknowledged is still there after a kill: its work starts once', async () => {
  server = await RedisServer.start(...EACH_WRITE_ON_DISK);
  const store = createRedisStore({ url: server.url, commandTimeoutMs: 2_000 });
  const slots = Array.from({ length: 50 }, (_, i) => `key-${i}`.padEnd(22, '-'));
  const first = await Promise.all(slots.map((slot) => store.claim(claimOf({ slot }))));
  await server.kill();
  await server.restart();
  for (const [i, slot] of slots.entries()) {
    await until('it is answered', async () => {
      const answer = await store.claim(claimOf({ slot })).catch(() => undefined);
      if (answer === undefined) return false;
      expect(answer).toMatchObject({ outcome: 'exists', record: { run: first[i]?.record.run } });
      return true;
    });
  }
  await store.close();
});

test('a server that still loads its data is waited for', async () => {
  // Loads slowly: a microsecond for each key or entry, and asks for commands often.
  server = await RedisServer.start(...EACH_WRITE_ON_DISK, '--aof-use-rdb-preamble', 'no');
  const store = createRedisStore({ url: server.url, commandTimeoutMs: 1_000 });
  const { run } = await started(store);
  await server.command('DEBUG', 'POPULATE', '20000');
  await server.command('BGREWRITEAOF');
  await until('the file is written', async () =>
    /aof_rewrite_in_progress:0[\s\S]*aof_rewrite_scheduled:0/.test(
      String(await server.command('INFO', 'persistence')),
    ),
  );
  await server.kill();
  await server.restart({ wait: false, options: ['--key-load-delay', '100'] });
  await until('it loads', async () => {
    const answer = await server.command('GET', 'x').catch((error: Error) => error.message);
    return /^LOADING/.test(String(answer));
  });
  expect(await codeOf(store.get(run))).toBe('store_unavailable');
  expect(await codeOf(store.claim(claimOf()))).toBe('store_unavailable');
  await until('it has loaded', async () => (await codeOf(store.get(run))) === 'no error');
  expect((await store.get(run))?.state).toBe('running');
  await store.close();
});

test('an owner learns that the store lost everything, and its watchers are told', async () => {
  server = await RedisServer.start();
  const store = createRedisStore({ url: server.url });
  const settings = resolveOwnerOptions({ leaseMs: 600 });
  const { record } = await store.claim({ ...claimOf(), leaseMs: 600 });
  const claimedAt = systemTimers.now();
  const writer = new RunWriter(store, record, claimedAt, settings, systemTimers);
  const feeds = new RunFeeds(store, { slowPollMs: 500 });
  const seen: string[] = [];
  const watching = codeOf(
    (async () => {
      const signal = new AbortController().signal;
      for await (const item of feeds.watch(record.run, { signal })) seen.push(item.kind);
    })(),
  );
  writer.write({ kind: 'chunk', bytes: bytes('a') });
  await until('it is seen', () => seen.includes('entry'));
  await server.command('FLUSHALL');
  // It writes nothing more: the next renewal tells it.
  expect(await writer.outcome).toMatchObject({ kind: 'orphaned' });
  expect(writer.signal.reason).toMatchObject({ code: 'store_rolled_back' });
  expect(await watching).toBe('cursor_lost');
  await store.close();
});

test('an owner whose log alone was taken away writes nothing behind the hole', async () => {
  server = await RedisServer.start();
  const store = createRedisStore({ url: server.url });
  const record = await started(store);
  const { run, fence } = record;
  await store.append({ run, fence, expectedTail: 0, entries: [bytes('a'), bytes('b')] });
  const [log] = await server.keys('*:log');
  await server.command('XDEL', log ?? '', '1-0');
  const answer = await store.append({ run, fence, expectedTail: 2, entries: [bytes('c')] });
  expect(answer).toMatchObject({ ok: false, reason: 'missing' });
  await store.close();
});
