import type { RunsRuntime } from '../../src/context.js';
import { systemRandom } from '../../src/timers.js';
import { openRuns } from './desk.js';
import { behind, type Fate } from './faulty.js';
import { SlowClock } from './slow-clock.js';
import { openMemory } from './store.js';

export const never = (): Response => {
  throw new Error('started again');
};

/** Runs whose time passes only when a test says so, with a store that can go away. */
export function world(options: Parameters<typeof openRuns>[0] = {}) {
  const clock = new SlowClock();
  const runtime: RunsRuntime = { timers: clock, random: systemRandom, now: () => clock.now() };
  const { store, table } = openMemory(clock.now, 1_000, 1e8);
  const net: { fate: (method: string) => Fate } = { fate: () => 'pass' };
  const through = behind(store, (method) => net.fate(method));
  const runs = openRuns({ store: through, ...options }, runtime);
  return { clock, store, table, net, runs, runtime };
}

/** What came of a promise so far. */
export function watch<T>(promise: Promise<T>) {
  const seen: { value: T | undefined; error: unknown } = { value: undefined, error: undefined };
  promise.then(
    (value) => {
      seen.value = value;
    },
    (error: unknown) => {
      seen.error = error;
    },
  );
  return seen;
}
