import type { Runtime } from '../runtime.js';

/** Waits, unless the user gives up; then it rejects with his reason. */
export async function pause(
  runtime: Runtime,
  ms: number,
  signal: AbortSignal | null | undefined,
): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const stop = (): void => {
      runtime.clear(timer);
      reject(signal?.reason);
    };
    const done = (): void => {
      signal?.removeEventListener('abort', stop);
      resolve();
    };
    const timer = runtime.set(done, ms, true);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
