import { describe, expect, test } from 'vitest';
import { createMemoryStore } from '../src/memory/create.js';
import { newRunId } from '../src/run-id.js';
import { systemRandom } from '../src/timers.js';

describe('the memory store', () => {
  test('answers an id of another process with run_elsewhere, and names the cure', async () => {
    const mine = createMemoryStore();
    const theirs = createMemoryStore();
    const run = newRunId('s'.repeat(22), systemRandom, theirs.instance);
    expect(theirs.instance).toMatch(/^[a-z0-9]{1,16}$/);
    for (const call of [
      () => mine.get(run),
      () => mine.requestCancel(run),
      () => mine.purge(run),
    ]) {
      await expect(call()).rejects.toMatchObject({
        name: 'RunError',
        code: 'run_elsewhere',
        message: expect.stringContaining('@holdopen/redis'),
      });
    }
    expect(await theirs.get(run)).toBeUndefined();
  });

  test('refuses bounds that are none', () => {
    for (const given of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => createMemoryStore({ maxRuns: given })).toThrow(/maxRuns must be/);
      expect(() => createMemoryStore({ maxBytes: given })).toThrow(/maxBytes must be/);
    }
  });
});
