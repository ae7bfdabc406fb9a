import { setTimeout as pause } from 'node:timers/promises';

/** Waits for a condition, and says which one if it never comes. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  limitMs = 15_000,
): Promise<void> {
  const endsAt = Date.now() + limitMs;
  while (!(await condition())) {
    if (Date.now() > endsAt) throw new Error(`It did not come to pass in ${limitMs} ms: ${what}.`);
    await pause(10);
  }
}
