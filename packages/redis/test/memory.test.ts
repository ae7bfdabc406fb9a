import { createClient } from 'redis';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createRedisStore } from '../src/index.js';
import { bytes, claimOf, codeOf, entriesOf, started } from './support/run.js';
import { RedisServer } from './support/server.js';
import { until } from './support/until.js';

let server: RedisServer;

beforeEach(async () => {
  server = await RedisServer.start();
});
afterEach(() => server.stop());

describe('a server that would throw away keys', () => {
  test('is refused at the first use, in words that name the fix', async () => {
    await server.command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    const store = createRedisStore({ url: server.url });
    for (const use of [
      () => store.claim(claimOf()),
      () => store.get(claimOf().run),
      () => store.list('somebody', 1),
      () => store.subscribe(claimOf().run, () => {}),
    ]) {
      await expect(use()).rejects.toMatchObject({
        code: 'invalid_option',
        given: 'allkeys-lru',
        message: expect.stringMatching(/allkeys-lru.*CONFIG SET maxmemory-policy noeviction/),
      });
    }
    expect(await server.keys()).toEqual([]);
    await store.close();
  });

  test('is used as soon as it is mended', async () => {
    await server.command('CONFIG', 'SET', 'maxmemory-policy', 'volatile-ttl');
    const store = createRedisStore({ url: server.url });
    expect(await codeOf(store.claim(claimOf()))).toBe('invalid_option');
    await server.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    await until('it is used', async () => (await codeOf(store.claim(claimOf()))) === 'no error');
    await store.close();
  });

  test('is used if an option says so', async () => {
    await server.command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    const store = createRedisStore({ url: server.url, allowEviction: true });
    expect(await codeOf(store.claim(claimOf()))).toBe('no error');
    await store.close();
  });

  test('needs no right to read the configuration', async () => {
    await server.command(
      ...['ACL', 'SETUSER', 'app', 'on', '>secret', '~holdopen:*', '&holdopen:*'],
      ...['+@all', '-@admin', '-@dangerous', '+info'],
    );
    const url = server.url.replace('//', '//app:secret@');
    const store = createRedisStore({ url });
    const { run, fence } = await started(store);
    let rings = 0;
    await store.subscribe(run, () => {
      rings += 1;
    });
    await store.requestCancel(run, fence.epoch);
    await until('it rings', () => rings > 0);
    await store.close();
  });
});

test('a user that may not is told so, and is no server that is away', async () => {
  await server.command('CONFIG', 'SET', 'requirepass', 'secret');
  const wrong = createRedisStore({ url: server.url.replace('//', '//:wrong@') });
  expect(await codeOf(wrong.claim(claimOf()))).toBe('invalid_option');
  await wrong.close();
  // The options of a client are those that the store connects with.
  const client = createClient({ url: server.url, password: 'secret' });
  const right = createRedisStore({ client });
  expect(await codeOf(right.claim(claimOf()))).toBe('no error');
  expect(client.isOpen).toBe(false);
  await right.close();
});

describe('a server without memory', () => {
  /** As if everything that it may use were used. */
  const fill = () => server.command('CONFIG', 'SET', 'maxmemory', '1');
  const relieve = () => server.command('CONFIG', 'SET', 'maxmemory', '0');

  test('refuses new runs and entries, and whatever there is can be ended', async () => {
    const store = createRedisStore({ url: server.url });
    const record = await started(store);
    const { run, fence } = record;
    const append = { run, fence, expectedTail: 0, entries: [bytes('a')] };
    expect(await store.append(append)).toMatchObject({ ok: true });
    await fill();
    expect(await codeOf(store.claim(claimOf()))).toBe('store_full');
    const more = { ...append, expectedTail: 1, entries: [bytes('b')] };
    expect(await store.append(more)).toMatchObject({
      ok: false,
      reason: 'full',
      record: { tail: 1 },
    });
    const renewal = { run, fence, leaseMs: 15_000, retentionMs: 60_000 };
    expect(await store.renew(renewal)).toMatchObject({ ok: true });
    expect(await store.requestCancel(run, fence.epoch)).toMatchObject({ cancelRequested: true });
    const end = { run, fence, expectedTail: 1, entry: bytes('end'), retentionMs: 60_000 };
    expect(await store.settle({ ...end, state: 'failed' })).toMatchObject({ ok: true });
    expect(await entriesOf(store, record)).toHaveLength(2);
    expect(await store.purge(run, fence.epoch)).toMatchObject({ purged: true });
    await relieve();
    expect(await codeOf(store.claim(claimOf()))).toBe('no error');
    await store.close();
  });

  test('still tells what had happened before it was full', async () => {
    const store = createRedisStore({ url: server.url });
    const request = claimOf();
    const { record } = await store.claim(request);
    const { run, fence } = record;
    const append = { run, fence, expectedTail: 0, entries: [bytes('a'), bytes('b')] };
    await store.append(append);
    await fill();
    expect(await store.claim(request)).toMatchObject({ outcome: 'started' });
    const slot = run.slice(0, 22);
    expect(await store.claim(claimOf({ slot }))).toMatchObject({ outcome: 'exists' });
    const other = claimOf({ slot, fingerprint: 'other' });
    expect(await store.claim(other)).toMatchObject({ outcome: 'conflict' });
    expect(await store.append(append)).toMatchObject({ ok: true, record: { tail: 2 } });
    const stranger = { ...append, fence: { ...fence, epoch: 'another' } };
    expect(await store.append(stranger)).toMatchObject({ ok: false, reason: 'fenced' });
    const longer = { ...append, entries: [...append.entries, bytes('c')] };
    expect(await store.append(longer)).toMatchObject({ ok: false, reason: 'full' });
    expect(await entriesOf(store, record)).toHaveLength(2);
    await store.close();
  });

  test('a run that nobody owns is called lost all the same', async () => {
    const store = createRedisStore({ url: server.url });
    const { run, fence } = await started(store, { leaseMs: 100, graceMs: 0 });
    await fill();
    await until('it is lost', async () => {
      const record = await store.markLost(run, fence.epoch, bytes('lost'));
      return record?.state === 'lost';
    });
    await store.close();
  });
});
