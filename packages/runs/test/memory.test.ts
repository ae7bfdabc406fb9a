import { describe, expect, test } from 'vitest';
import { createMemoryStore } from '../src/memory/create.js';
import { newRunId } from '../src/run-id.js';
import { systemRandom } from '../src/timers.js';
import { FakeClock } from './support/clock.js';
import { own } from './support/owner.js';
import { openMemory } from './support/store.js';

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

  test('refuses bounds that are none', () => {
    for (const given of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => createMemoryStore({ maxRuns: given })).toThrow(/maxRuns must be/);
      expect(() => createMemoryStore({ maxBytes: given })).toThrow(/maxBytes must be/);
    }
  });
});
