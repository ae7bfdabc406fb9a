import type { Plan } from './figure.js';
import { type RunSpread, spreadOfRuns } from './statistics.js';

/** What one run in fresh processes found, by name. */
export type RunResult = Readonly<Record<string, number>>;

/** What all runs of one comparison may take. What has a target is worth the longer time. */
const BUDGET_MS = 20_000;
const TARGET_BUDGET_MS = 45_000;
const LEAST_RUNS = 3;
/** More narrow an interval by little. */
const MOST_RUNS = 12;
const QUICK_RUNS = 1;

export interface Repetition {
  readonly hasTarget: boolean;
  /** Where the time is known and the budget does not count. */
  readonly runs?: number;
}

/**
 * Two processes of the same program differ by more than two windows of one process do, so a run in fresh processes is
 * what counts as one sample. How many there are is a matter of time alone: who stops at an interval that suits finds
 * more of them than there are.
 */
export async function repeated(
  plan: Plan,
  { hasTarget, runs: asked }: Repetition,
  once: (run: number) => Promise<RunResult>,
): Promise<(name: string) => RunSpread> {
  const budgetMs = hasTarget ? TARGET_BUDGET_MS : BUDGET_MS;
  const runs: RunResult[] = [];
  const startMs = performance.now();
  const isEnough = (): boolean => {
    if (plan.quick) return runs.length >= QUICK_RUNS;
    if (asked !== undefined) return runs.length >= asked;
    const tookMs = performance.now() - startMs;
    const isOverBudget = tookMs + tookMs / runs.length > budgetMs;
    return runs.length >= MOST_RUNS || (runs.length >= LEAST_RUNS && isOverBudget);
  };
  while (runs.length === 0 || !isEnough()) runs.push(await once(runs.length + 1));
  return (name) => {
    const samples = runs.map((run) => run[name] ?? Number.NaN);
    if (samples.some(Number.isNaN)) throw new Error(`not every run has measured ${name}`);
    return spreadOfRuns(samples);
  };
}
