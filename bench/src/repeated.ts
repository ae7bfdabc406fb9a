import { type Spread, spreadOfRuns } from './statistics.js';

/** What one run in fresh processes found, by name. */
export type RunResult = Readonly<Record<string, number>>;

export interface Repetition {
  /** Fewer where so many take too long, but never fewer than an interval needs to be worth something. */
  readonly atLeast: number;
  readonly atMost: number;
  /** Ratios whose interval must lie on one side of a limit; then it is enough. */
  readonly limits: Readonly<Record<string, number>>;
}

/** What all runs of one comparison may take, so that everything together stays below half an hour. */
const BUDGET_MS = 30_000;
const LEAST_RUNS = 3;

/**
 * Two processes of the same program differ by more than two windows of one process do, so a run in
 * fresh processes is what counts as one sample. Runs are repeated until their interval says something.
 */
export async function repeated(
  { atLeast, atMost, limits }: Repetition,
  once: (run: number) => Promise<RunResult>,
): Promise<Record<string, Spread>> {
  const runs: RunResult[] = [];
  let spreads: Record<string, Spread> = {};
  const startMs = performance.now();
  while (runs.length < atMost) {
    runs.push(await once(runs.length + 1));
    spreads = bySample(runs);
    const clear = Object.entries(limits).every(([name, limit]) => {
      const interval = spreads[name]?.interval;
      return interval !== undefined && (interval[0] > limit || interval[1] <= limit);
    });
    if (runs.length >= atLeast && clear) break;
    const tookMs = performance.now() - startMs;
    const isOverBudget = tookMs + tookMs / runs.length > BUDGET_MS;
    if (runs.length >= LEAST_RUNS && isOverBudget) break;
  }
  return spreads;
}

function bySample(runs: readonly RunResult[]): Record<string, Spread> {
  const names = Object.keys(runs[0] ?? {});
  return Object.fromEntries(
    names.map((name) => [name, spreadOfRuns(runs.map((run) => run[name] ?? Number.NaN))]),
  );
}
