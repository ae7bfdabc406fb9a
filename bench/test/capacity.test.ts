import { describe, expect, it } from 'vitest';
import { capacity, DEFAULT_SITE, type Measured, measuredOf } from '../src/capacity.js';
import { arithmeticTable, besidePushpin, capacityText } from '../src/page/capacity-tables.js';

const MEASURED: Measured = {
  connections: 20_000,
  rssKbPerHold: 12,
  heapKbPerHold: 5,
  kernelKbPerSocket: 4,
  beats: [
    { perSecond: 1_000, cpuUsEach: 12 },
    { perSecond: 2_500, cpuUsEach: 8 },
  ],
  emptyRssMb: 64,
  date: '2030-01-02T03:04:05.000Z',
};
const MILLION = { ...DEFAULT_SITE, responses: 1_000_000 };

describe('how many processes a number of held responses takes', () => {
  it('adds up memory, CPU and processes', () => {
    const sum = capacity(MILLION, MEASURED);

    expect(sum).toMatchObject({ perProcess: 20_000, bound: 'what was measured', processes: 50 });
    expect(sum.beatsPerSecond).toBe(125_000);
    expect(sum.cores).toBeCloseTo(1, 10);
    // A million times 12 KB, and fifty processes of 64 MB.
    expect(sum.rssGb).toBeCloseTo(12_000_000 / 1_048_576 + 3.125, 10);
    expect(sum.kernelGb).toBeCloseTo(4_000_000 / 1_048_576, 10);
    // 18.4 GB, of which each machine gives four.
    expect(sum.machines).toBe(5);
  });

  it('says which limit comes first', () => {
    const bound = (site: object, measured: object = {}) =>
      capacity({ ...MILLION, ...site }, { ...MEASURED, connections: 1e9, ...measured }).bound;

    expect(bound({ descriptors: 1_024 })).toBe('descriptors');
    expect(bound({})).toBe("the balancer's ports");
    expect(bound({ intervalMs: 50 })).toBe('CPU for beats');
    expect(bound({ memoryGbPerMachine: 0.5 })).toBe('memory of a machine');
  });

  it('takes more machines where beats take more cores than memory takes', () => {
    const sum = capacity({ ...MILLION, intervalMs: 1_000, memoryGbPerMachine: 1_000 }, MEASURED);

    expect(sum.cores).toBeCloseTo(8, 10);
    expect(sum.machines).toBe(16);
  });

  it('refuses what cannot be', () => {
    expect(() => capacity({ ...MILLION, intervalMs: 0 }, MEASURED)).toThrow(
      'intervalMs must be a number above 0, not 0',
    );
    expect(() => capacity({ ...MILLION, descriptors: 100 }, MEASURED)).toThrow(
      'no room for one response: descriptors',
    );
  });

  it('is told in a table and in words by the same sums', () => {
    expect(arithmeticTable(MEASURED)).toContain(
      '| 1,000,000 | 8 s | 125,000 | 1.00 | 50 | 14.6 GB | 3.81 GB | 5 |',
    );
    expect(besidePushpin(MEASURED)).toContain('18.4 GB, kernel included, and 0.22 cores');
    expect(capacityText(MILLION, MEASURED)).toContain(
      '50, at most 20,000 each (what was measured)',
    );
  });

  it('starts from the largest number of connections that was measured', () => {
    const figures = [1_000, 19_500].flatMap((at) =>
      [
        'RSS per connection: holdOpen',
        'heap per connection: holdOpen',
        'CPU per beat: holdOpen',
        'kernel memory per socket',
        'RSS of the empty process: holdOpen',
      ].map((item, i) => ({
        item: `idle ${at}, ${item}`,
        value: at / 1_000 + i,
        unit: 'KB',
        series: { chart: 'x', line: 'holdOpen', at },
      })),
    );
    const idle = {
      benchmark: 'idle',
      date: MEASURED.date,
      seconds: 1,
      command: '',
      node: '',
      machine: '',
      loadBefore: 0,
      figures,
    };

    expect(measuredOf(idle)).toEqual({
      connections: 19_500,
      rssKbPerHold: 19.5,
      heapKbPerHold: 20.5,
      beats: [
        { perSecond: 1_000, cpuUsEach: 3 },
        { perSecond: 19_500, cpuUsEach: 21.5 },
      ],
      kernelKbPerSocket: 22.5,
      emptyRssMb: 23.5,
      date: MEASURED.date,
    });
    expect(() => measuredOf({ ...idle, figures: figures.slice(0, -1) })).toThrow(
      'has no "RSS of the empty process" at 19500 connections: measure it again',
    );
  });
});
