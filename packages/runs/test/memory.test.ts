import { describe, expect, test } from 'vitest';
import { createMemoryStore } from '../src/memory/create.js';
import { newEpoch, newRunId } from '../src/run-id.js';
import type { RunRecord } from '../src/store.js';
import { systemRandom } from '../src/timers.js';
import { FakeClock } from './support/clock.js';
import { own } from './support/owner.js';
import { openMemory } from './support/store.js';

const claimed = {
  principal: 'somebody',
  route: 'POST /work',
  fingerprint: 'payload',
  graceMs: 1_000,
  restart: ['released'],
} as const;

describe('the memory store', () => {
  test('answers an id of another process with run_elsewhere, and names the cure', async () => {
    const mine = createMemoryStore();
    const theirs = createMemoryStore();
    const run = newRunId('s'.repeat(22), systemRandom, theirs.instance);
    expect(theirs.instance).toMatch(/^[a-z0-9]{1,16}$/);
    for (const call of [
      () => mine.get(run),
      () => mine.requestCancel(run, 'x'),
      () => mine.purge(run, 'x'),
    ]) {
      await expect(call()).rejects.toMatchObject({
        name: 'RunError',
        code: 'run_elsewhere',
        message: expect.stringContaining('@holdopen/redis'),
      });
    }
    expect(await theirs.get(run)).toBeUndefined();
  });

  test('counts what tiny entries really take, and gives it back', async () => {
    const clock = new FakeClock();
    const { store, table } = openMemory(clock.now, 10, 10_000);
    const { record } = await own(store, clock, { retentionMs: 0 });
    const { run, fence } = record;
    const tiny = Array.from({ length: 100 }, () => new Uint8Array(1));
    const append = (entries: Uint8Array[]) =>
      store.append({ run, fence, expectedTail: 0, entries });
    expect(await append(tiny)).toMatchObject({ ok: false, reason: 'full' });
    expect(await append(tiny.slice(70))).toMatchObject({ ok: true, record: { logBytes: 30 } });
    const entry = new Uint8Array(1);
    const end = { run, fence, expectedTail: 30, entry, state: 'failed', retentionMs: 0 } as const;
    expect(await store.settle(end)).toMatchObject({ ok: true });
    table.takeExpired(10, clock.now());
    expect([table.size, table.bytes]).toEqual([0, 0]);
  });

  test('a full store has room again as soon as a run expires, however it came to do so earlier', async () => {
    const clock = new FakeClock();
    const { store } = openMemory(clock.now, 3);
    const claim = (letter: string, retentionMs: number, leaseMs = 10_000) => {
      const run = newRunId(letter.repeat(22), systemRandom, store.instance);
      const epoch = newEpoch(systemRandom);
      return store.claim({ ...claimed, run, epoch, retentionMs, leaseMs });
    };
    const endOf = ({ run, fence }: RunRecord) =>
      ({ run, fence, expectedTail: 0, entry: new Uint8Array(1) }) as const;
    const { record: settled } = await claim('a', 9_000);
    const { record: renewed } = await claim('b', 9_000);
    const { record: restarted } = await claim('c', 9_000);
    const full = { code: 'store_full' };
    await expect(claim('d', 1)).rejects.toMatchObject(full);

    await store.settle({ ...endOf(settled), state: 'completed', retentionMs: 100 });
    await expect(claim('d', 1)).rejects.toMatchObject(full);
    await clock.pass(100);
    await claim('d', 9_000);

    await store.renew({ run: renewed.run, fence: renewed.fence, leaseMs: 50, retentionMs: 50 });
    await expect(claim('e', 1)).rejects.toMatchObject(full);
    await clock.pass(100 + claimed.graceMs);
    await claim('e', 9_000);

    await store.settle({ ...endOf(restarted), state: 'released', retentionMs: 9_000 });
    await expect(claim('f', 1)).rejects.toMatchObject(full);
    await claim('c', 10, 10);
    await expect(claim('f', 1)).rejects.toMatchObject(full);
    await clock.pass(20 + claimed.graceMs);
    await claim('f', 9_000);
  });

  test('refuses bounds that are none', () => {
    for (const given of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => createMemoryStore({ maxRuns: given })).toThrow(/maxRuns must be/);
      expect(() => createMemoryStore({ maxBytes: given })).toThrow(/maxBytes must be/);
    }
  });
});
