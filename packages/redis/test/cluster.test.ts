import { setTimeout as pause } from 'node:timers/promises';
import { conformanceChecks } from '@holdopen/runs/conformance';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRedisStore } from '../src/index.js';
import { bytes, started } from './support/run.js';
import { RedisServer } from './support/server.js';
import { until } from './support/until.js';

// A cluster of one server refuses commands and scripts that touch two slots as one of many does.

/** Those that wait for long are the same scripts as without a cluster. */
const TOO_LONG = /long run is not cut|leaves nothing behind|swept as lost|at once one wins/;

let server: RedisServer;

beforeAll(async () => {
  server = await RedisServer.start('--cluster-enabled', 'yes');
  await server.command('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
  await until('the cluster is whole', async () =>
    String(await server.command('CLUSTER', 'INFO')).includes('cluster_state:ok'),
  );
});
afterAll(() => server.stop());

let stores = 0;

function options() {
  stores += 1;
  return { cluster: { rootNodes: [{ url: server.url }] }, prefix: `cluster-${stores}:` };
}

describe.concurrent('the Redis store keeps the contract in a cluster', () => {
  for (const check of conformanceChecks.filter(({ name }) => !TOO_LONG.test(name))) {
    test(check.name, async () => {
      await check.run(() => {
        const shared = options();
        const store = createRedisStore(shared);
        const another = createRedisStore(shared);
        return {
          store,
          another,
          unitMs: 300,
          passTime: (ms) => pause(ms),
          async close() {
            await store.close();
            await another.close();
          },
        };
      });
    });
  }
});

test('all keys and the channel of a run lie in one slot, and runs in different ones', async () => {
  const shared = options();
  const store = createRedisStore(shared);
  const slots = new Set<unknown>();
  for (let i = 0; i < 5; i += 1) {
    const { run, fence } = await started(store);
    await store.subscribe(run, () => {});
    await store.append({ run, fence, expectedTail: 0, entries: [bytes('a')], head: bytes('h') });
    const tag = `${shared.prefix}{${run.slice(0, 22)}}:`;
    const keys = (await server.keys(`${shared.prefix}*`)).filter((key) => key.startsWith(tag));
    expect(keys.sort()).toEqual([`${tag}log`, `${tag}run`]);
    const channels = (await server.command('PUBSUB', 'SHARDCHANNELS', `${tag}*`)) as string[];
    expect(channels).toEqual([`${tag}bell`]);
    const found = await Promise.all(
      [...keys, ...channels].map((key) => server.command('CLUSTER', 'KEYSLOT', key)),
    );
    expect(new Set(found).size).toBe(1);
    slots.add(found[0]);
  }
  expect(slots.size).toBeGreaterThan(1);
  await store.close();
});

test('a channel is left when nobody wants to hear of its run', async () => {
  const shared = options();
  const store = createRedisStore(shared);
  const { run } = await started(store);
  const stop = await store.subscribe(run, () => {});
  const channels = () => server.command('PUBSUB', 'SHARDCHANNELS', `${shared.prefix}*`);
  expect(await channels()).toHaveLength(1);
  stop();
  await until('it is left', async () => ((await channels()) as string[]).length === 0);
  await store.close();
});

test('connections that are idle are kept', async () => {
  const idleMs = 300;
  const store = createRedisStore({ ...options(), commandTimeoutMs: idleMs });
  const { run } = await started(store);
  await store.subscribe(run, () => {});
  const ids = async () => {
    const list = String(await server.command('CLIENT', 'LIST')).split('\n');
    const ours = list.filter((line) => line !== '' && !line.includes('cmd=client|list'));
    return ours.map((line) => /^id=(\d+)/.exec(line)?.[1]).join();
  };
  const before = await ids();
  await pause(4 * idleMs);
  expect(before).not.toBe('');
  expect(await ids()).toBe(before);
  await store.close();
});

test('who leaves a channel does not take it from who comes at the same time', async () => {
  const store = createRedisStore(options());
  const { run, fence } = await started(store);
  for (let i = 0; i < 20; i += 1) {
    const stop = await store.subscribe(run, () => {});
    stop();
    if (i % 2 === 1) await pause(1);
    let rings = 0;
    const stopLast = await store.subscribe(run, () => {
      rings += 1;
    });
    await store.requestCancel(run, fence.epoch);
    await until('it rings', () => rings > 0, 5_000);
    stopLast();
  }
  await store.close();
});

test('a server of a cluster that cuts its listeners rings them all', async () => {
  const store = createRedisStore({ ...options(), commandTimeoutMs: 500 });
  const { run, fence } = await started(store);
  let rings = 0;
  await store.subscribe(run, () => {
    rings += 1;
  });
  const before = rings;
  await server.command('CLIENT', 'KILL', 'TYPE', 'pubsub');
  await until('it rings', () => rings > before);
  await until('it rings again', async () => {
    const seen = rings;
    await store.requestCancel(run, fence.epoch).catch(() => undefined);
    await pause(20);
    return rings > seen;
  });
  await store.close();
});
