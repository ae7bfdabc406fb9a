import { describe, expect, test } from 'vitest';
import { type ConformanceSubject, conformanceChecks } from '../src/conformance/index.js';
import { createMemoryStore } from '../src/memory/create.js';
import type { RunStore } from '../src/store.js';
import { FakeClock } from './support/clock.js';
import { openMemory } from './support/store.js';

function subject(wrap: (store: RunStore) => RunStore = (store) => store): ConformanceSubject {
  const clock = new FakeClock();
  const { table, store } = openMemory(clock.now);
  return {
    store: wrap(store),
    passTime: (ms) => clock.pass(ms),
    async snapshot() {
      const restore = table.snapshot();
      return async () => restore();
    },
    bounded: async ({ maxRuns, maxBytes }) =>
      createMemoryStore({ maxRuns, maxBytes, now: clock.now }),
  };
}

/** A store with one fault, everything else as it should be. */
function spoiled(fault: (store: RunStore) => Partial<RunStore>) {
  return (store: RunStore): RunStore => {
    const faults = fault(store);
    return new Proxy(store, {
      get(target, name) {
        const own: unknown = Reflect.get(faults, name) ?? Reflect.get(target, name);
        return typeof own === 'function' ? own.bind(target) : own;
      },
    });
  };
}

describe('the memory store keeps the contract', () => {
  for (const check of conformanceChecks) {
    test(check.name, async () => {
      expect(await check.run(() => subject())).toBe('passed');
    });
  }
});

describe('the kit finds a store that does not keep it', () => {
  const faults: Record<string, (store: RunStore) => Partial<RunStore>> = {
    'claims everything twice': (store) => ({
      claim: async (request) => ({ ...(await store.claim(request)), outcome: 'started' }),
    }),
    'ignores the expected tail': (store) => ({
      append: async (request) => {
        const record = await store.get(request.run);
        return store.append({ ...request, expectedTail: record?.tail ?? 0 });
      },
    }),
    'ignores the fence': (store) => ({
      append: async (request) => {
        const record = await store.get(request.run);
        return store.append({ ...request, fence: record?.fence ?? request.fence });
      },
    }),
    'keeps text instead of bytes': (store) => ({
      append: (request) => {
        const entries = request.entries.map((one) =>
          new TextEncoder().encode(new TextDecoder().decode(one)),
        );
        return store.append({ ...request, entries });
      },
    }),
    'never rings': () => ({ subscribe: async () => () => {} }),
    'calls anything lost': (store) => ({
      markLost: async (run) => {
        const record = await store.get(run);
        return record && { ...record, state: 'lost' };
      },
    }),
    'tells the time at which a run was written': (store) => ({
      get: async (run) => {
        const record = await store.get(run);
        return record && { ...record, now: record.startedAt };
      },
    }),
    'never expires': (store) => ({
      settle: (request) => store.settle({ ...request, retentionMs: 1e9 }),
    }),
    'cancels whatever runs': (store) => ({
      requestCancel: async (run) => {
        const record = await store.get(run);
        return store.requestCancel(run, record?.fence.epoch ?? '');
      },
    }),
    'ends runs otherwise than was wished': (store) => ({
      settle: (request) => store.settle({ ...request, unlessCancelled: false }),
    }),
    'forgets the key at a purge': (store) => ({
      purge: async (run) => {
        const record = await store.get(run);
        if (record !== undefined && record.state !== 'running') {
          return { ...record, purged: false };
        }
        return record;
      },
    }),
  };
  for (const [name, fault] of Object.entries(faults)) {
    test(`one that ${name}`, async () => {
      const results = await Promise.allSettled(
        conformanceChecks.map((check) => check.run(() => subject(spoiled(fault)))),
      );
      const failures = results.filter((result) => result.status === 'rejected');
      expect(failures.length).toBeGreaterThan(0);
      expect(failures.every(({ reason }) => /does not keep the contract/.test(reason))).toBe(true);
    });
  }
});
