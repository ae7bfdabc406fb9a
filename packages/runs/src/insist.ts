import { type Asked, tellStoreFailure } from './diagnostics.js';
import { isTransient, RunError } from './errors.js';
import { pause, type Timers } from './timers.js';

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;
/** What hangs is tried again, since a socket may be dead without saying so. */
const LEAST_ATTEMPT_MS = 1_000;

export interface Patience extends Asked {
  readonly timers: Timers;
  /** How long the store may stay away. */
  readonly awayMs: number;
  /** Nobody wants the answer any more. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Which errors are waited for.
   * @default isTransient
   */
  readonly mayPass?: ((error: unknown) => boolean) | undefined;
}

/**
 * Asks the store until it answers. Only for what may be done twice.
 * @throws RunError `store_away` after `awayMs`, or when the signal fires; at once whatever
 * error may not pass
 */
export async function insist<T>(attempt: () => Promise<T>, patience: Patience): Promise<T> {
  const { timers, awayMs, signal, mayPass = isTransient } = patience;
  const deadline = timers.now() + awayMs;
  const attemptMs = Math.max(LEAST_ATTEMPT_MS, awayMs / 4);
  let pauseMs = FIRST_PAUSE_MS;
  let cause: unknown;
  while (!signal?.aborted) {
    const limitMs = Math.min(attemptMs, deadline - timers.now());
    if (limitMs <= 0) break;
    try {
      return await within(attempt, limitMs, patience);
    } catch (error) {
      if (signal?.aborted !== true) tellStoreFailure(patience, error);
      if (!mayPass(error)) throw error;
      cause = error;
    }
    await pause(timers, Math.min(pauseMs, Math.max(0, deadline - timers.now())), signal);
    pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
  }
  const away = new RunError(
    'store_away',
    `The store of the runs did not answer for ${awayMs} ms. Look after the store; runs go on with those that it still has.`,
    { cause },
  );
  if (signal?.aborted !== true) tellStoreFailure(patience, away);
  throw away;
}

/**
 * Asks the store once.
 * @throws RunError `store_unavailable` after `limitMs`, or when the signal fires
 */
export function within<T>(
  attempt: () => Promise<T>,
  limitMs: number,
  { timers, signal }: Pick<Patience, 'timers' | 'signal'>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => {
      end();
      reject(new RunError('store_unavailable', `The store did not answer within ${limitMs} ms.`));
    };
    const handle = timers.set(giveUp, limitMs);
    const end = (): void => {
      timers.clear(handle);
      signal?.removeEventListener('abort', giveUp);
    };
    signal?.addEventListener('abort', giveUp);
    // A late answer finds the promise settled, and does nothing.
    Promise.resolve()
      .then(attempt)
      .then(
        (value) => {
          end();
          resolve(value);
        },
        (error: unknown) => {
          end();
          reject(error);
        },
      );
  });
}
