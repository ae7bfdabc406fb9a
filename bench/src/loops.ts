import { Child } from './child.js';
import type { Plan } from './figure.js';
import type { LoopProcess } from './loop-process.js';
import { repeated } from './repeated.js';
import type { RunSpread } from './statistics.js';

const RUNS = 7;

/** Runs loops by their name, again and again: what the compiler makes of them differs from process to process. */
export function inFreshProcesses(
  plan: Plan,
  name: string,
): Promise<(measure: string) => RunSpread> {
  return repeated(plan, { hasTarget: true, runs: RUNS }, async () => {
    const script = new URL('loop-process.ts', import.meta.url);
    const child = new Child<LoopProcess>(script, [name, plan.quick ? 'quick' : 'whole']);
    try {
      return await child.ask('run');
    } finally {
      await child.stop();
    }
  });
}
