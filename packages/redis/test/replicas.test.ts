import { afterEach, beforeEach, expect, test } from 'vitest';
import { createRedisStore } from '../src/index.js';
import { bytes, claimOf, codeOf, entriesOf, started } from './support/run.js';
import { RedisServer } from './support/server.js';
import { until } from './support/until.js';

let primary: RedisServer;
let replica: RedisServer;

beforeEach(async () => {
  primary = await RedisServer.start('--repl-diskless-sync-delay', '0');
  replica = await RedisServer.start('--replicaof', '127.0.0.1', String(primary.port));
  await until('the replica follows', async () => {
    return (await primary.command('WAIT', '1', '100')) === 1;
  });
});
afterEach(async () => {
  await replica.stop();
  await primary.stop();
});

test('a write counts only when the replica has it, also one that is repeated', async () => {
  const options = { url: primary.url, commandTimeoutMs: 500 };
  const store = createRedisStore({ ...options, waitForReplicas: 1 });
  const first = claimOf();
  // A replica that has just begun to follow is slow to say so.
  await until('it is claimed', async () => (await codeOf(store.claim(first))) === 'no error');
  const { record } = await store.claim(first);
  const { run, fence } = record;
  const request = { run, fence, expectedTail: 0, entries: [bytes('a')] };
  const thaw = replica.freeze();
  // The second time there is nothing left to write, and still nobody else has it.
  for (let i = 0; i < 2; i += 1)
    expect(await codeOf(store.append(request))).toBe('store_unavailable');
  const another = createRedisStore({ ...options, waitForReplicas: 1 });
  expect(await codeOf(another.append(request))).toBe('store_unavailable');
  expect(await codeOf(store.claim(claimOf()))).toBe('store_unavailable');
  thaw();
  await until('the replica has it', async () => {
    const answer = await store.append(request).catch(() => undefined);
    return answer?.ok === true && answer.record.tail === 1;
  });
  expect(await entriesOf(store, record)).toHaveLength(1);
  await store.close();
  await another.close();
});

test('what was acknowledged is there after a failover', async () => {
  const store = createRedisStore({ url: primary.url, waitForReplicas: 1 });
  const record = await started(store);
  const { run, fence } = record;
  for (let tail = 0; tail < 50; tail += 1) {
    await store.append({ run, fence, expectedTail: tail, entries: [bytes(String(tail + 1))] });
  }
  await primary.kill();
  await replica.command('REPLICAOF', 'NO', 'ONE');
  const promoted = createRedisStore({ url: replica.url });
  expect(await entriesOf(promoted, record)).toHaveLength(50);
  const next = { run, fence, expectedTail: 50, entries: [bytes('51')] };
  expect(await promoted.append(next)).toMatchObject({ ok: true });
  await store.close();
  await promoted.close();
});
