import { setTimeout as pause } from 'node:timers/promises';
import { type ConformanceSubject, conformanceChecks } from '@holdopen/runs/conformance';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRedisStore } from '../src/index.js';
import { RedisServer } from './support/server.js';
import { snapshot } from './support/snapshot.js';

/** Well above the time that one command takes on a busy machine. */
const UNIT_MS = 300;
/** What a server bounds by memory, and not by the number of runs; see memory.test.ts. */
const BOUNDS = 'a store with bounds refuses new runs rather than forget old ones';

let server: RedisServer;
let stores = 0;

beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());

function subject(): ConformanceSubject {
  stores += 1;
  const options = { url: server.url, prefix: `test-${stores}:` };
  const store = createRedisStore(options);
  const another = createRedisStore(options);
  return {
    store,
    another,
    unitMs: UNIT_MS,
    passTime: (ms) => pause(ms),
    snapshot: () => snapshot(server.url, options.prefix),
    async close() {
      await store.close();
      await another.close();
    },
  };
}

// At once, since most of them wait for the server's clock.
describe.concurrent('the Redis store keeps the contract', () => {
  for (const check of conformanceChecks) {
    test(check.name, async () => {
      expect(await check.run(subject)).toBe(check.name === BOUNDS ? 'skipped' : 'passed');
    });
  }
});
