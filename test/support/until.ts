import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for a condition, which a noisy machine may bring late. */
export async function until(
  what: string | (() => string),
  condition: () => boolean | Promise<boolean>,
  patienceMs = 10_000,
): Promise<void> {
  const start = performance.now();
  while (!(await condition())) {
    if (performance.now() - start > patienceMs) {
      throw new Error(`waited in vain until ${typeof what === 'string' ? what : what()}`);
    }
    await sleep(4);
  }
}

/** Time that has to pass because nothing is to happen in it. */
export function quiet(ms: number): Promise<void> {
  return sleep(ms);
}
