import { createClient, createCluster } from 'redis';
import { describe, expect, test } from 'vitest';
import { createRedisStore, type RedisStoreOptions } from '../src/index.js';

const url = 'redis://localhost:6379';

describe('options that cannot work are refused in words that name the fix', () => {
  const cases: [name: string, options: object, message: RegExp][] = [
    ['nothing', {}, /exactly one of url, client and cluster/],
    ['two places', { url, client: createClient() }, /exactly one of url, client and cluster/],
    ['no URL', { url: 'localhost:6379' }, /redis:\/\/ or rediss:\/\//],
    ['a web address', { url: 'https://localhost' }, /redis:\/\/ or rediss:\/\//],
    ['no client', { client: {} }, /createClient/],
    ['a cluster as client', { client: createCluster({ rootNodes: [{ url }] }) }, /cluster: \{/],
    ['a cluster of nothing', { cluster: { rootNodes: [] } }, /rootNodes/],
    ['a prefix with a brace', { url, prefix: 'a{b}' }, /without \{ and \}/],
    ['an empty prefix', { url, prefix: '' }, /from 1 to 100/],
    ['no time', { url, commandTimeoutMs: 0 }, /50 to 60000; it was 0/],
    ['a time that is none', { url, commandTimeoutMs: Number.NaN }, /50 to 60000; it was NaN/],
    ['a time as text', { url, commandTimeoutMs: '4000' }, /50 to 60000/],
    ['half a replica', { url, waitForReplicas: 0.5 }, /from 0 to 100; it was 0.5/],
    ['a switch as text', { url, allowEviction: 'no' }, /true or false; it was no/],
  ];
  for (const [name, options, message] of cases) {
    test(name, () => {
      expect(() => createRedisStore(options as RedisStoreOptions)).toThrow(
        expect.objectContaining({
          code: 'invalid_option',
          message: expect.stringMatching(message),
        }),
      );
    });
  }
});

test('a password in a wrong URL is not repeated in the error', () => {
  try {
    createRedisStore({ url: 'http://user:secret@localhost' });
    expect.unreachable();
  } catch (error) {
    expect(JSON.stringify(error) + String(error)).not.toContain('secret');
  }
});

test('nothing connects before it is used', async () => {
  const store = createRedisStore({ url: 'redis://127.0.0.1:1' });
  await store.close();
});

test('an id of a memory store is answered as elsewhere, without asking Redis', async () => {
  const store = createRedisStore({ url: 'redis://127.0.0.1:1' });
  const run = 'r'.repeat(33);
  await expect(store.get(`${run}abc`)).rejects.toMatchObject({ code: 'run_elsewhere' });
  await expect(store.subscribe(`${run}abc`, () => {})).rejects.toMatchObject({
    code: 'run_elsewhere',
  });
  await store.close();
});
