// Whether what a process holds stays as it is.
import { median } from '../statistics.js';
import type { SoakServer } from './server.js';

export type Sample = Awaited<ReturnType<SoakServer['sample']>> & {
  readonly atMs: number;
  readonly adapter: string;
};

/** What would grow if something were not given back, in what it is told in. */
export const WATCHED = {
  heapBytes: { unit: 'MB', per: 1_048_576, slack: 4 * 1_048_576 },
  rssBytes: { unit: 'MB', per: 1_048_576, slack: 48 * 1_048_576 },
  timers: { unit: '', per: 1, slack: 20 },
  sockets: { unit: '', per: 1, slack: 40 },
  descriptors: { unit: '', per: 1, slack: 40 },
} as const;

type Watched = keyof typeof WATCHED;

export interface Trend {
  readonly adapter: string;
  readonly what: Watched;
  /** Of the second quarter, when all is warm, and of the last. */
  readonly early: number;
  readonly late: number;
  readonly isFlat: boolean;
}

/** A fifth more, and a little for chance, is no growth; what leaks grows on and on. */
const TOLERANCE = 1.2;

/** Fewer say nothing. */
const LEAST_SAMPLES = 8;

export function trends(samples: readonly Sample[]): Trend[] {
  const adapters = [...new Set(samples.map(({ adapter }) => adapter))];
  return adapters.flatMap((adapter) => {
    const own = samples.filter((sample) => sample.adapter === adapter);
    if (own.length < LEAST_SAMPLES) return [];
    const quarter = Math.floor(own.length / 4);
    return (Object.keys(WATCHED) as Watched[]).map((what) => {
      const early = median(own.slice(quarter, 2 * quarter).map((sample) => sample[what]));
      const late = median(own.slice(-quarter).map((sample) => sample[what]));
      const isFlat = late <= early * TOLERANCE + WATCHED[what].slack;
      return { adapter, what, early, late, isFlat };
    });
  });
}
