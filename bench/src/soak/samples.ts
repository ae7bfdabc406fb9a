// Whether what a process holds stays as it is.
import { median } from '../statistics.js';
import type { SoakServer } from './server.js';

export type Sample = Awaited<ReturnType<SoakServer['sample']>> & {
  readonly atMs: number;
  readonly adapter: string;
};

/** What would grow if something were not given back, in what it is told in. `slack`: growth that is chance. */
export const WATCHED = {
  heapBytes: { unit: 'MB', per: 1_048_576, slack: 1_048_576, isMemory: true },
  rssBytes: { unit: 'MB', per: 1_048_576, slack: 8 * 1_048_576, isMemory: true },
  timers: { unit: '', per: 1, slack: 15, isMemory: false },
  sockets: { unit: '', per: 1, slack: 15, isMemory: false },
  descriptors: { unit: '', per: 1, slack: 15, isMemory: false },
} as const;

export type Watched = keyof typeof WATCHED;

export interface Trend {
  readonly adapter: string;
  readonly what: Watched;
  /** Of the second quarter, when all is warm, and of the last. */
  readonly early: number;
  readonly late: number;
  readonly verdict: 'flat' | 'GROWS' | 'too short to say';
}

/** So much more, and the slack besides, is no growth; what leaks grows on and on. */
export const TOLERANCE = 1.05;
/** In the first minutes a process still compiles and stretches. */
const LEAST_MINUTES_FOR_MEMORY = 10;
/** Fewer say nothing. */
const LEAST_SAMPLES = 8;

export function trends(samples: readonly Sample[], minutes: number): Trend[] {
  const adapters = [...new Set(samples.map(({ adapter }) => adapter))];
  return adapters.flatMap((adapter) => {
    const own = samples.filter((sample) => sample.adapter === adapter);
    if (own.length < LEAST_SAMPLES) return [];
    const quarter = Math.floor(own.length / 4);
    return (Object.keys(WATCHED) as Watched[]).map((what): Trend => {
      const early = median(own.slice(quarter, 2 * quarter).map((sample) => sample[what]));
      const late = median(own.slice(-quarter).map((sample) => sample[what]));
      const { slack, isMemory } = WATCHED[what];
      const isFlat = late <= early * TOLERANCE + slack;
      const isTooShort = isMemory && minutes < LEAST_MINUTES_FOR_MEMORY;
      const verdict = isTooShort ? 'too short to say' : isFlat ? 'flat' : 'GROWS';
      return { adapter, what, early, late, verdict };
    });
  });
}
