import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 8_000;

/** Waits for a condition, which a noisy machine may bring late. */
export async function until(what: string, condition: () => boolean): Promise<void> {
  const start = performance.now();
  while (!condition()) {
    if (performance.now() - start > PATIENCE_MS) throw new Error(`waited in vain until ${what}`);
    await sleep(3);
  }
}

/** Waits, in a handler, until its head has been sent in its place. */
export async function held(req: IncomingMessage): Promise<void> {
  await until('the response is held', () => req.holdOpen?.state === 'held');
}

/** Time that has to pass because nothing is to happen in it. */
export function quiet(ms: number): Promise<void> {
  return sleep(ms);
}
