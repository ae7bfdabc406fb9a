/** Time and timers, handed in so that tests can turn them. */
export interface Timers {
  /** Milliseconds of a clock that never goes back. Compared with nothing but itself. */
  now(): number;
  /** Must not keep the process alive. */
  set(callback: () => void, delayMs: number): unknown;
  clear(handle: unknown): void;
}

/** Unpredictable bytes, handed in so that tests can choose them. */
export type Random = (length: number) => Uint8Array;

// Captured at load, so that a user's fake timers do not meet ours.
const { setTimeout: setTimer, clearTimeout: clearTimer, performance: clock } = globalThis;

/** The runtime's own timers. */
export const systemTimers: Timers = {
  now: () => clock.now(),
  set(callback, delayMs) {
    // What is due already; Bun warns of such.
    const handle: unknown = setTimer(callback, Math.max(0, delayMs));
    // Node and Bun give an object that holds the process open; browsers and Workers give a number.
    if (typeof handle === 'object' && handle !== null && 'unref' in handle) {
      if (typeof handle.unref === 'function') handle.unref();
    }
    return handle;
  },
  clear(handle) {
    clearTimer(handle as number);
  },
};

/** Asking the runtime costs many times what the bytes of one id do, so it is asked for many at once. */
const POOL_BYTES = 1_024;
let pool = new Uint8Array(0);
let taken = 0;

/** The runtime's own randomness. */
export const systemRandom: Random = (length) => {
  if (length > POOL_BYTES) return crypto.getRandomValues(new Uint8Array(length));
  if (taken + length > pool.length) {
    pool = crypto.getRandomValues(new Uint8Array(POOL_BYTES));
    taken = 0;
  }
  const bytes = pool.slice(taken, taken + length);
  // What was given away is a secret of its taker's.
  pool.fill(0, taken, taken + length);
  taken += length;
  return bytes;
};

/** Resolves after a delay, or at once when the signal fires. */
export function pause(timers: Timers, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) {
      resolve();
      return;
    }
    const done = (): void => {
      timers.clear(handle);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const handle = timers.set(done, delayMs);
    signal?.addEventListener('abort', done);
  });
}
