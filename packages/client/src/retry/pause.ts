import { heed } from '../heed.js';
import type { Runtime } from '../runtime.js';

/** Waits, unless the user gives up. */
export async function pause(
  runtime: Runtime,
  ms: number,
  signal: AbortSignal | null | undefined,
): Promise<void> {
  let timer: unknown;
  const over = new Promise<void>((resolve) => {
    timer = runtime.set(resolve, ms, true);
  });
  await heed(signal, over).finally(() => runtime.clear(timer));
}
