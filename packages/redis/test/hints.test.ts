import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRedisStore } from '../src/index.js';
import { bytes, started } from './support/run.js';
import { RedisServer } from './support/server.js';
import { until } from './support/until.js';

let server: RedisServer;
let stores = 0;

beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());

function open() {
  stores += 1;
  const prefix = `hints-${stores}:`;
  const store = createRedisStore({ url: server.url, prefix });
  const hintKeys = async () => [
    ...(await server.keys(`${prefix}principal:*`)),
    ...(await server.keys(`${prefix}leases`)),
  ];
  return { store, prefix, hintKeys };
}

describe('hints decide nothing', () => {
  test('when they are gone each renewal writes them again', async () => {
    const { store, hintKeys } = open();
    const { run, fence } = await started(store);
    const keys = await hintKeys();
    expect(keys).toHaveLength(2);
    await server.command('DEL', ...keys);
    expect(await store.list('somebody', 10)).toEqual([]);
    await store.renew({ run, fence, leaseMs: 15_000, retentionMs: 60_000 });
    await until('they are back', async () => (await hintKeys()).length === 2);
    expect((await store.list('somebody', 10)).map((record) => record.run)).toEqual([run]);
    await store.close();
  });

  test('one that says a run is over does not end it', async () => {
    const { store, prefix } = open();
    const { run } = await started(store);
    await server.command('ZADD', `${prefix}leases`, '1', run);
    expect(await store.sweep(10, bytes('lost'))).toBe(0);
    expect((await store.get(run))?.state).toBe('running');
    const score = Number(await server.command('ZSCORE', `${prefix}leases`, run));
    expect(score).toBeGreaterThan(Date.now());
    await store.close();
  });

  test('stale ones are dropped, and what is behind them is found', async () => {
    const { store, prefix, hintKeys } = open();
    const { run } = await started(store);
    const [byPrincipal = ''] = await server.keys(`${prefix}principal:*`);
    const ghosts = Array.from({ length: 250 }, (_, i) => [
      String(i),
      `ghost-${i}`.padEnd(33, '-'),
    ]).flat();
    await server.command('ZADD', byPrincipal, ...ghosts);
    await server.command('ZADD', `${prefix}leases`, ...ghosts);
    expect((await store.list('somebody', 1)).map((record) => record.run)).toEqual([run]);
    expect(await server.command('ZCARD', byPrincipal)).toBe(1);
    expect(await store.sweep(1_000, bytes('lost'))).toBe(250);
    expect(await server.command('ZCARD', `${prefix}leases`)).toBe(1);
    expect(await hintKeys()).toHaveLength(2);
    await store.close();
  });

  test('stale ones that cannot be dropped are passed over, and asked for once', async () => {
    const { store, prefix } = open();
    const { run } = await started(store);
    const another = await started(store);
    const [byPrincipal = ''] = await server.keys(`${prefix}principal:*`);
    // Two pages and a half, with a running one in the first of them.
    const ghosts = Array.from({ length: 250 }, (_, i) => [
      String(i),
      `ghost-${i}`.padEnd(33, '-'),
    ]).flat();
    await server.command('ZADD', byPrincipal, ...ghosts, '50.5', run);
    await server.command('CONFIG', 'SET', 'min-replicas-to-write', '1');
    try {
      await server.command('CONFIG', 'RESETSTAT');
      const listed = await store.list('somebody', 100);
      expect(listed.map((record) => record.run)).toEqual([run, another.run]);
      const asked = /total_commands_processed:(\d+)/.exec(
        String(await server.command('INFO', 'stats')),
      )?.[1];
      // A look at each of them, an attempt to drop it, and three pages, each with what its script asks.
      expect(Number(asked)).toBeLessThan(2_000);
      expect(await server.command('ZCARD', byPrincipal)).toBe(252);
    } finally {
      await server.command('CONFIG', 'SET', 'min-replicas-to-write', '0');
    }
    await store.list('somebody', 100);
    expect(await server.command('ZCARD', byPrincipal)).toBe(2);
    await store.close();
  });

  test('of another principal they give away nothing', async () => {
    const { store, prefix } = open();
    const { run } = await started(store, { principal: 'another' });
    const [other = ''] = await server.keys(`${prefix}principal:*`);
    await started(store);
    const keys = await server.keys(`${prefix}principal:*`);
    const mine = keys.find((key) => key !== other) ?? '';
    await server.command('ZADD', mine, '1', run);
    expect((await store.list('somebody', 10)).map((record) => record.principal)).toEqual([
      'somebody',
    ]);
    await store.close();
  });
});

test('a sweep settles what is lost, no more than its limit', async () => {
  const { store } = open();
  const lost = await Promise.all(
    Array.from({ length: 12 }, () => started(store, { leaseMs: 100, graceMs: 0 })),
  );
  const owned = await started(store);
  await until('their lease is over', async () => {
    const record = await store.get(owned.run);
    return (record?.now ?? 0) > Math.max(...lost.map(({ leaseUntil }) => leaseUntil));
  });
  expect(await store.sweep(5, bytes('lost'))).toBe(5);
  expect(await store.sweep(100, bytes('lost'))).toBe(7);
  expect(await store.sweep(100, bytes('lost'))).toBe(0);
  for (const { run } of lost) expect((await store.get(run))?.state).toBe('lost');
  expect((await store.get(owned.run))?.state).toBe('running');
  await store.close();
});

test('nothing is left when all is expired', async () => {
  const { store, prefix } = open();
  const brief = { leaseMs: 1_000, graceMs: 50, retentionMs: 50 };
  const { run, fence } = await started(store, brief);
  await store.append({ run, fence, expectedTail: 0, entries: [bytes('a')], head: bytes('h') });
  await started(store, brief);
  const settled = await started(store, brief);
  const end = { run: settled.run, fence: settled.fence, expectedTail: 0, entry: bytes('end') };
  await store.settle({ ...end, state: 'completed', retentionMs: 1_000 });
  expect((await server.keys(`${prefix}*`)).length).toBeGreaterThan(5);
  await until('all keys are gone', async () => (await server.keys(`${prefix}*`)).length === 0);
  await store.close();
});

test('the expiry of a log follows the renewals of its run', async () => {
  const { store, prefix } = open();
  const { run, fence } = await started(store, { leaseMs: 500, graceMs: 0, retentionMs: 0 });
  await store.append({ run, fence, expectedTail: 0, entries: [bytes('a')] });
  const renewed = await store.renew({ run, fence, leaseMs: 60_000, retentionMs: 30_000 });
  const keys = await server.keys(`${prefix}{*`);
  expect(keys).toHaveLength(2);
  for (const key of keys) {
    expect(await server.command('PEXPIRETIME', key)).toBe(renewed.record?.expiresAt);
  }
  await store.close();
});
