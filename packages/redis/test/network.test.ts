import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { pipeline } from 'node:stream';
import { createFaultyPath, type FaultyPath } from '@holdopen/faulty-path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createRedisStore } from '../src/index.js';
import { bytes, claimOf, codeOf, entriesOf, started } from './support/run.js';
import { RedisServer } from './support/server.js';
import { until } from './support/until.js';

const COMMAND_TIMEOUT_MS = 400;
/** What a machine that is busy may add. */
const NOISE_MS = 1_500;

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
  return createRedisStore({
    url: `redis://127.0.0.1:${path.port}`,
    commandTimeoutMs: COMMAND_TIMEOUT_MS,
  });
}

describe('answers that are lost on the way', () => {
  test('an append whose answer was swallowed is unsure, and the same again is a success', async () => {
    const store = open();
    const record = await started(store);
    const { run, fence } = record;
    const request = { run, fence, expectedTail: 0, entries: [bytes('a'), bytes('b')] };
    path.blackHole('response');
    expect(await codeOf(store.append(request))).toBe('store_unavailable');
    path.resume();
    await until('the append is answered', async () => {
      const answer = await store.append(request).catch(() => undefined);
      if (answer === undefined) return false;
      expect(answer).toMatchObject({ ok: true, record: { tail: 2 } });
      return true;
    });
    expect((await entriesOf(store, record)).map(({ offset }) => offset)).toEqual([1, 2]);
    await store.close();
  });

  test('a claim whose answer was swallowed is started when it is repeated', async () => {
    const store = open();
    await started(store);
    const request = claimOf();
    path.blackHole('response');
    expect(await codeOf(store.claim(request))).toBe('store_unavailable');
    path.resume();
    await until('the claim is answered', async () => {
      const answer = await store.claim(request).catch(() => undefined);
      if (answer === undefined) return false;
      expect(answer).toMatchObject({ outcome: 'started', record: { attempt: 1 } });
      return true;
    });
    // The hints were not written the first time.
    const listed = await store.list('somebody', 10);
    expect(listed.map(({ run }) => run)).toContain(request.run);
    await store.close();
  });
});

describe('a server that is away', () => {
  test('no command hangs when nothing comes back, at the first use or later', async () => {
    path.blackHole('request');
    const store = open();
    for (let i = 0; i < 2; i += 1) {
      const begun = performance.now();
      expect(await codeOf(store.claim(claimOf()))).toBe('store_unavailable');
      expect(await codeOf(store.subscribe(claimOf().run, () => {}))).toBe('store_unavailable');
      expect(performance.now() - begun).toBeLessThan(2 * COMMAND_TIMEOUT_MS + NOISE_MS);
    }
    path.resume();
    await until('it connects', async () => (await codeOf(store.get(claimOf().run))) === 'no error');
    path.blackHole('request');
    const begun = performance.now();
    const codes = await Promise.all(
      Array.from({ length: 20 }, () => codeOf(store.get(claimOf().run))),
    );
    expect(new Set(codes)).toEqual(new Set(['store_unavailable']));
    expect(performance.now() - begun).toBeLessThan(COMMAND_TIMEOUT_MS + NOISE_MS);
    await store.close();
  });

  test('a frozen server is given up, and found again when it goes on', async () => {
    const store = open();
    const { run } = await started(store);
    const thaw = server.freeze();
    expect(await codeOf(store.get(run))).toBe('store_unavailable');
    thaw();
    await until('it is found again', async () => (await codeOf(store.get(run))) === 'no error');
    await store.close();
  });

  test('cut connections and refused ones are transient', async () => {
    const store = open();
    const record = await started(store);
    const thaw = server.freeze();
    const cut = codeOf(store.get(record.run));
    // Sent, and not answered.
    await new Promise((resolve) => setTimeout(resolve, 20));
    path.killAll();
    expect(await cut).toBe('store_unavailable');
    thaw();
    await server.kill();
    expect(await codeOf(store.get(record.run))).toBe('store_unavailable');
    await server.restart();
    await until('it is found again', async () => {
      return (await codeOf(store.get(record.run))) === 'no error';
    });
    await store.close();
  });

  test('nobody stampedes a server that is away', async () => {
    await path.close();
    path = await createFaultyPath({ target: server.port });
    const store = open();
    await server.kill();
    for (let i = 0; i < 200; i += 1) await codeOf(store.get(claimOf().run));
    expect(path.connections.length).toBeLessThan(50);
    await store.close();
  });

  test('after close nothing connects any more', async () => {
    const store = open();
    await started(store);
    await store.close();
    expect(await codeOf(store.get(claimOf().run))).toBe('store_unavailable');
    expect(await codeOf(store.subscribe(claimOf().run, () => {}))).toBe('store_unavailable');
    await until('the connections are closed', async () => {
      const clients = String(await server.command('CLIENT', 'LIST'))
        .trim()
        .split('\n');
      return clients.length === 1;
    });
  });
});

test('a server that is too old is refused in words that say so', async () => {
  const old = createServer((client) => {
    const redis = connect(server.port, '127.0.0.1');
    redis.on('data', (bytes) => {
      client.write(
        bytes.toString('latin1').replace(/redis_version:7/, 'redis_version:6'),
        'latin1',
      );
    });
    pipeline(client, redis, () => client.destroy());
  }).listen(0, '127.0.0.1');
  await once(old, 'listening');
  const { port } = old.address() as AddressInfo;
  const store = createRedisStore({ url: `redis://127.0.0.1:${port}` });
  await expect(store.claim(claimOf())).rejects.toMatchObject({
    code: 'invalid_option',
    message: expect.stringMatching(/Redis 6\.\S+, and runs need Redis 7 or Valkey/),
  });
  await store.close();
  old.close();
});

test('a cluster that says nothing is given up, and its connections with it', async () => {
  path.blackHole('request');
  const store = createRedisStore({
    cluster: { rootNodes: [{ url: `redis://127.0.0.1:${path.port}` }] },
    commandTimeoutMs: COMMAND_TIMEOUT_MS,
  });
  for (let i = 0; i < 3; i += 1) {
    const begun = performance.now();
    expect(await codeOf(store.claim(claimOf()))).toBe('store_unavailable');
    expect(performance.now() - begun).toBeLessThan(COMMAND_TIMEOUT_MS + NOISE_MS);
  }
  await store.close();
  await until('no connection is left', () =>
    path.connections.every(({ end }) => end !== undefined),
  );
});

test('a server that lost the scripts is told them again', async () => {
  const store = open();
  const record = await started(store);
  await server.command('SCRIPT', 'FLUSH');
  const { run, fence } = record;
  const request = { run, fence, expectedTail: 0, entries: [bytes('a')] };
  expect(await store.append(request)).toMatchObject({ ok: true });
  await store.close();
});

test('a server that became a replica is transient, and a new connection is tried', async () => {
  const store = open();
  const { run, fence } = await started(store);
  await server.command('REPLICAOF', '127.0.0.1', '1');
  expect(await codeOf(store.requestCancel(run, fence.epoch))).toBe('store_unavailable');
  const before = path.connections.length;
  await until('a new connection is tried', async () => {
    expect(await codeOf(store.requestCancel(run, fence.epoch))).toBe('store_unavailable');
    return path.connections.length > before;
  });
  await server.command('REPLICAOF', 'NO', 'ONE');
  await until('it writes again', async () => {
    return (await codeOf(store.requestCancel(run, fence.epoch))) === 'no error';
  });
  await store.close();
});
