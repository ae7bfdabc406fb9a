import { describe, expect, it } from 'vitest';
import { compared } from '../src/compared.js';
import { type Figure, type Plan, verdict } from '../src/figure.js';
import { repeated } from '../src/repeated.js';
import { slope, spreadOfRuns } from '../src/statistics.js';

const PLAN: Plan = { quick: false, connections: [], say() {}, leaveOut() {} };
const QUICK: Plan = { ...PLAN, quick: true };

describe('what several runs come to', () => {
  it('is their geometric mean, with an interval around it', () => {
    const { mean, interval, median } = spreadOfRuns([1, 1, 8]);

    expect(mean).toBeCloseTo(2, 10);
    expect(median).toBe(1);
    // Student's t for two degrees of freedom, on logarithms: 4.3 × ln(8) / 3.
    expect(interval?.[0]).toBeCloseTo(2 / Math.exp((4.3 * Math.log(8)) / 3), 10);
    expect(interval?.[1]).toBeCloseTo(2 * Math.exp((4.3 * Math.log(8)) / 3), 10);
  });

  it('is an arithmetic one where something is not above 0', () => {
    expect(spreadOfRuns([-1, 0, 4])).toMatchObject({ mean: 1, min: -1, max: 4 });
  });

  it('says how sure a slope is', () => {
    const { slope: sure, interval } = slope([0, 1, 2, 3], [5, 7, 9, 11]);
    const unsure = slope([0, 1, 2, 3], [5, 9, 5, 9]);

    expect([sure, ...interval]).toEqual([2, 2, 2]);
    expect(unsure.interval[0]).toBeLessThan(0);
    expect(unsure.interval[1]).toBeGreaterThan(unsure.slope);
  });

  it('is not made to suit: a clear result does not end the runs, nor an unclear one prolong them', async () => {
    const count = async (ratio: (run: number) => number): Promise<number> => {
      let runs = 0;
      await repeated(PLAN, { hasTarget: true, runs: 5 }, async (run) => {
        runs += 1;
        return { ratio: ratio(run) };
      });
      return runs;
    };

    expect(await count(() => 0.5)).toBe(5);
    expect(await count((run) => run)).toBe(5);
  });
});

describe('a target', () => {
  const figure = (ratio: number, low: number, high: number): Figure => ({
    item: 'x',
    value: 1,
    unit: 'µs',
    ratio,
    spread: { min: low, median: ratio, max: high, samples: 3, interval: [low, high] },
    target: { of: 'ratio', atMost: 1.05 },
  });

  it('is met or missed for certain only if the whole interval says so', () => {
    expect(verdict(figure(1, 0.98, 1.05))).toBe('met');
    expect(verdict(figure(1.1, 1.06, 1.2))).toBe('missed');
    expect(verdict(figure(1.04, 0.9, 1.2))).toBe('met?');
    expect(verdict(figure(1.06, 0.9, 1.2))).toBe('missed?');
    // A median need not lie in the interval of a mean.
    expect(verdict(figure(1.04, 1.06, 1.2))).toBe('missed');
  });
});

describe('sides that take turns', () => {
  it('are told as ratios to both bare ones of the same round, and without what a side cannot tell', async () => {
    const figures = await compared(QUICK, {
      item: 'work',
      shown: [
        { measure: 'us', title: 'time', unit: 'µs' },
        { measure: 'cpuUs', title: 'CPU', unit: 'µs' },
      ],
      rounds: 3,
      warmUps: 1,
      targets: { cpuUs: { held: 1.1 } },
      async open() {
        // Each round takes twice as long as the one before, as on a machine that others use.
        const turns = [0, 0, 0, 0];
        const side =
          (index: number, factor: number, tellsCpu = true) =>
          async () => {
            const us = 2 ** (turns[index] ?? 0) * factor;
            turns[index] = (turns[index] ?? 0) + 1;
            return { us, ...(tellsCpu ? { cpuUs: us } : {}) };
          };
        return {
          sides: [
            { name: 'bare', turn: side(0, 1) },
            { name: 'held', turn: side(1, 3) },
            { name: 'nginx', turn: side(2, 6, false) },
            { name: 'bare (A/A)', turn: side(3, 2) },
          ],
          async close() {},
        };
      },
    });

    expect(
      figures.map(({ item, ratio }) => [item, ratio && Math.round(ratio * 100) / 100]),
    ).toEqual([
      ['work, time: bare', undefined],
      ['work, time: held', 2],
      ['work, time: nginx', 4],
      ['work, time: bare (A/A)', 2],
      ['work, CPU: bare', undefined],
      ['work, CPU: held', 2],
      ['work, CPU: bare (A/A)', 2],
    ]);
    expect(figures.flatMap(({ item, target }) => (target === undefined ? [] : [item]))).toEqual([
      'work, CPU: held',
    ]);
  });
});
