import { createRuns, type RunStore } from '@holdopen/runs';
import { createClient, createClientPool } from 'redis';
import { expectTypeOf, test } from 'vitest';
import { createRedisStore } from '../src/index.js';

// Each stands in a function that nobody calls: it need only compile.

test('a store is made of an address, of a client or for a cluster', () => {
  expectTypeOf(createRedisStore).returns.toEqualTypeOf<RunStore>();
  () => createRedisStore({ url: 'redis://localhost:6379' });
  () => createRedisStore({ client: createClient({ RESP: 3 }) });
  () => createRedisStore({ cluster: { rootNodes: [{ url: 'redis://localhost:6379' }] } });
  () => createRuns({ authorize: () => 'ada', store: createRedisStore({ url: 'redis://a' }) });
});

test('what it does not take does not compile', () => {
  // @ts-expect-error an address is an option
  () => createRedisStore('redis://localhost:6379');
  // @ts-expect-error an unknown option
  () => createRedisStore({ url: 'redis://localhost:6379', keyPrefix: 'mine:' });
  // @ts-expect-error a pool has no options to connect with
  () => createRedisStore({ client: createClientPool() });
});
