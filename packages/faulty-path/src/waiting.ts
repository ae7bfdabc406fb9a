import { FaultyPathError } from './errors.js';

/** What a wait for a condition may have. */
export interface WaitOptions {
  /** Milliseconds until the wait fails. Default: 10000. */
  readonly timeoutMs?: number;
}

const DEFAULT_WAIT_MS = 10_000;

/** Those who wait for something of a path. */
export class Waiting {
  readonly #waiters = new Set<{ look(): void; fail(error: Error): void }>();

  /** Whenever anything has changed. */
  look(): void {
    for (const waiter of this.#waiters) waiter.look();
  }

  until(
    condition: () => boolean,
    describe: () => string,
    { timeoutMs = DEFAULT_WAIT_MS }: WaitOptions = {},
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (action: () => void) => {
        this.#waiters.delete(waiter);
        clearTimeout(timer);
        action();
      };
      const fail = (error: Error) => settle(() => reject(error));
      const waiter = {
        fail,
        look() {
          try {
            if (condition()) settle(resolve);
          } catch (error) {
            settle(() => reject(error));
          }
        },
      };
      const timer = setTimeout(() => {
        fail(new FaultyPathError('timeout', `waited ${timeoutMs} ms in vain: ${describe()}`));
      }, timeoutMs);
      this.#waiters.add(waiter);
      waiter.look();
    });
  }

  /** Nothing will change any more. */
  end(describe: () => string): void {
    for (const waiter of this.#waiters) {
      waiter.look();
      waiter.fail(new FaultyPathError('closed', `closed while somebody waited: ${describe()}`));
    }
  }
}
