import { createFaultyPath, type FaultyPath } from '@holdopen/faulty-path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createRedisStore } from '../src/index.js';
import { bytes, codeOf, started } from './support/run.js';
import { RedisServer } from './support/server.js';
import { until } from './support/until.js';

let server: RedisServer;
let path: FaultyPath;

beforeEach(async () => {
  server = await RedisServer.start();
  path = await createFaultyPath({ target: server.port });
});
afterEach(async () => {
  await path.close();
  await server.stop();
});

function open() {
  return createRedisStore({ url: `redis://127.0.0.1:${path.port}`, commandTimeoutMs: 500 });
}

test('from the moment that subscribe resolves no change is missed', async () => {
  const writer = createRedisStore({ url: server.url });
  for (let i = 0; i < 30; i += 1) {
    const watcher = open();
    const { run, fence } = await started(writer);
    let rings = 0;
    await watcher.subscribe(run, () => {
      rings += 1;
    });
    await writer.append({ run, fence, expectedTail: 0, entries: [bytes('a')] });
    await until('it rings', () => rings > 0);
    await watcher.close();
  }
  await writer.close();
});

test('only the run that changed rings, and no more after it was ended', async () => {
  const store = open();
  const one = await started(store);
  const two = await started(store);
  const rings = { one: 0, again: 0, two: 0 };
  const stopOne = await store.subscribe(one.run, () => {
    rings.one += 1;
  });
  await store.subscribe(one.run, () => {
    rings.again += 1;
  });
  await store.subscribe(two.run, () => {
    rings.two += 1;
  });
  stopOne();
  stopOne();
  await store.requestCancel(one.run, one.fence.epoch);
  await until('it rings', () => rings.again > 0);
  await store.requestCancel(two.run, two.fence.epoch);
  await until('the other rings', () => rings.two > 0);
  expect(rings).toEqual({ one: 0, again: 1, two: 1 });
  await store.close();
});

test('many runs share one connection and one channel', async () => {
  const store = open();
  for (let i = 0; i < 20; i += 1) await store.subscribe((await started(store)).run, () => {});
  expect(path.connections).toHaveLength(2);
  expect(await server.command('PUBSUB', 'CHANNELS')).toEqual(['holdopen:bell']);
  await store.close();
});

test('a reconnection rings all, since they may have missed something', async () => {
  const store = open();
  const rung = new Set<string>();
  for (let i = 0; i < 3; i += 1) {
    const { run } = await started(store);
    await store.subscribe(run, () => rung.add(run));
  }
  for (let round = 0; round < 3; round += 1) {
    rung.clear();
    path.killAll();
    await until('all ring', () => rung.size === 3);
  }
  // And it listens again.
  rung.clear();
  const { run, fence } = await started(store);
  await store.subscribe(run, () => rung.add(run));
  await until('it writes', async () => {
    const request = { run, fence, expectedTail: 0, entries: [bytes('a')] };
    return (await codeOf(store.append(request))) === 'no error';
  });
  await until('it rings', () => rung.has(run));
  await store.close();
});

test('a restart of the server is survived, and its watchers are rung', async () => {
  const store = open();
  const { run } = await started(store);
  let rings = 0;
  await store.subscribe(run, () => {
    rings += 1;
  });
  await server.kill();
  await until('the store hears of it', async () => {
    return (await codeOf(store.subscribe(run, () => {}))) === 'store_unavailable';
  });
  expect(rings).toBe(0);
  await server.restart();
  await until('it rings', () => rings > 0);
  await store.close();
});

test('a listener whose socket is dead without saying so is replaced', async () => {
  const store = open();
  const { run } = await started(store);
  let rings = 0;
  await store.subscribe(run, () => {
    rings += 1;
  });
  path.blackHole('response');
  const before = path.connections.length;
  await until('a new connection is tried', () => path.connections.length > before);
  path.resume();
  await until('it rings', () => rings > 0);
  await store.close();
});
