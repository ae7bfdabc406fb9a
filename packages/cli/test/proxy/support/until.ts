import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 10_000;

/** Waits for a condition, which a noisy machine may bring late. */
export async function until(
  what: string,
  condition: () => boolean,
  seen: () => unknown = () => '',
): Promise<void> {
  const start = performance.now();
  while (!condition()) {
    if (performance.now() - start > PATIENCE_MS) {
      throw new Error(`waited in vain until ${what}: ${JSON.stringify(seen())}`);
    }
    await sleep(3);
  }
}
