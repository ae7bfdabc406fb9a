import { tellLost, tellStoreFailure } from './diagnostics.js';
import { encodeEntry, lostEntry } from './entry.js';
import { isTransient } from './errors.js';
import type { RunStore } from './store.js';
import type { Timers } from './timers.js';
import { warnOnce } from './warnings.js';

/** One sweep takes no more, so that it holds up neither the store nor this process. */
const SWEEP_LIMIT = 500;

/** Settles what is lost and drops what is expired, from time to time. */
export class Sweeper {
  readonly #store: () => RunStore;
  readonly #timers: Timers;
  readonly #intervalMs: number;
  #state: 'new' | 'on' | 'stopped' = 'new';
  #timer: unknown;

  constructor(store: () => RunStore, timers: Timers, intervalMs: number) {
    this.#store = store;
    this.#timers = timers;
    this.#intervalMs = intervalMs;
  }

  start(): void {
    if (this.#state !== 'new') return;
    this.#state = 'on';
    this.#wait();
  }

  stop(): void {
    this.#state = 'stopped';
    this.#timers.clear(this.#timer);
  }

  #wait(): void {
    // Processes that were started together do not sweep together.
    const delayMs = this.#intervalMs * (0.5 + Math.random());
    this.#timer = this.#timers.set(() => void this.#sweep(), delayMs);
  }

  async #sweep(): Promise<void> {
    try {
      await this.#store().sweep(SWEEP_LIMIT, encodeEntry(lostEntry()), (record) =>
        tellLost(record, 'sweeper'),
      );
    } catch (error) {
      tellStoreFailure({ operation: 'sweep' }, error);
      // A store that is away is swept the next time.
      if (!isTransient(error)) {
        warnOnce('HOLDOPEN_RUN_SWEEP', '', `the store could not be swept: ${String(error)}`);
      }
    }
    if (this.#state === 'on') this.#wait();
  }
}
