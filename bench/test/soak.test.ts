import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { report } from '../src/soak/report.js';
import { SOAK_FILE, SOAK_PAGE, type SoakResult, soakPage } from '../src/soak/result.js';
import { type Sample, trends } from '../src/soak/samples.js';
import { TimerCount } from '../src/soak/timer-count.js';

const MIB = 1_048_576;

/** Of an hour in which everything grows by so much for each sample. */
function samples(growth: Partial<Record<'heapBytes' | 'timers', number>>): Sample[] {
  return Array.from({ length: 120 }, (_, i) => ({
    adapter: 'node',
    atMs: i * 30_000,
    heapBytes: 16 * MIB + i * (growth.heapBytes ?? 0),
    rssBytes: 90 * MIB,
    timers: 20 + i * (growth.timers ?? 0),
    sockets: 20,
    descriptors: 50,
    holds: 10,
    counters: {} as Sample['counters'],
  }));
}

function verdicts(of: readonly Sample[], minutes = 60): Record<string, string> {
  return Object.fromEntries(trends(of, minutes).map(({ what, verdict }) => [what, verdict]));
}

describe('the soak', () => {
  it('sees what grows', () => {
    expect(Object.values(verdicts(samples({})))).toEqual(Array(5).fill('flat'));
    // Three megabytes an hour, of some ten thousand answers.
    expect(verdicts(samples({ heapBytes: (3 * MIB) / 120 }))).toMatchObject({
      heapBytes: 'flat',
    });
    expect(verdicts(samples({ heapBytes: (5 * MIB) / 120 }))).toMatchObject({
      heapBytes: 'GROWS',
      rssBytes: 'flat',
    });
    expect(verdicts(samples({ timers: 0.5 }))).toMatchObject({ timers: 'GROWS' });
  });

  it('does not judge memory by the first minutes of a process', () => {
    expect(verdicts(samples({ heapBytes: MIB }), 1)).toMatchObject({
      heapBytes: 'too short to say',
      timers: 'flat',
    });
  });

  it('is not well when anything was wrong, grew or never ended', () => {
    const count = { endings: { right: 1, failed: 0, left: 0, broken: 0, wrong: 0 }, wrong: [] };
    const good: Pick<SoakResult, 'visits' | 'trends' | 'after'> = {
      visits: [['node direct', count]],
      trends: trends(samples({}), 60),
      after: samples({})
        .slice(-1)
        .map((one) => ({ ...one, holds: 0 })),
    };

    expect(report(good).isWell).toBe(true);
    expect(report({ ...good, trends: trends(samples({ timers: 1 }), 60) }).isWell).toBe(false);
    expect(report({ ...good, after: samples({}).slice(-1) }).text).toContain(
      'node: 10 holds never ended',
    );
    const wrong = { ...count, wrong: ['{}: another answer'] };
    expect(report({ ...good, visits: [['node direct', wrong]] }).text).toContain(
      'wrong: node direct: {}: another answer',
    );
  });

  it('counts timers that keep no process alive, as those of holdopen', async () => {
    const count = new TimerCount();
    const before = count.size;

    const timers = [setTimeout(() => {}, 60_000).unref(), setInterval(() => {}, 60_000).unref()];

    expect(count.size).toBe(before + 2);
    for (const timer of timers) clearTimeout(timer);
    // Whoever polls has one, too.
    await expect.poll(() => count.size).toBeLessThanOrEqual(before + 1);
  });

  it('has a page that says what was recorded, to the letter', () => {
    const page = readFileSync(SOAK_PAGE, 'utf8');
    const result: SoakResult = JSON.parse(readFileSync(SOAK_FILE, 'utf8'));

    expect(page).toBe(soakPage(page, result));
    expect(page).toContain('All is well.');
  });
});
