import { expect, test } from 'vitest';
import { systemRandom } from '../src/timers.js';

test('randomness is as long as asked for, and never given twice', () => {
  const seen = new Set<string>();
  const lengths = [8, 12, 32, 1_000, 2_000];
  for (let i = 0; i < 5_000; i += 1) {
    const length = lengths[i % lengths.length] ?? 0;
    const bytes = systemRandom(length);
    expect(bytes.length).toBe(length);
    seen.add(Buffer.from(bytes.subarray(0, 8)).toString('hex'));
    // What a taker does with its bytes is no matter of the next.
    bytes.fill(0);
  }
  expect(seen.size).toBe(5_000);
});
