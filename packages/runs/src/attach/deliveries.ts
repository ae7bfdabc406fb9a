import type { RunRecord, RunStore } from '../store.js';
import type { Timers } from '../timers.js';
import type { RunFeeds } from '../watch/feeds.js';

/**
 * How long output that is not to be kept stays when somebody was given its end. That the runtime took
 * the last bytes does not say that they arrived: a client whose connection fell comes back for them. And
 * another process may have watchers, of whom nobody here knows.
 */
export const DELIVERY_GRACE_MS = 30_000;

interface Surroundings {
  readonly store: RunStore;
  readonly feeds: RunFeeds;
  readonly timers: Timers;
}

/** Removes output that was delivered. Its record guards the key for a while longer. */
export class Deliveries {
  readonly #surroundings: () => Surroundings;
  readonly #pending = new Map<string, unknown>();

  /** Asked for when it is needed: the store is opened at the first request. */
  constructor(surroundings: () => Surroundings) {
    this.#surroundings = surroundings;
  }

  /** Somebody was given the end of this run. The latest delivery counts. */
  noted(record: Pick<RunRecord, 'run' | 'fence'>): void {
    const { timers } = this.#surroundings();
    const key = keyOf(record);
    timers.clear(this.#pending.get(key));
    this.#pending.set(
      key,
      timers.set(() => this.#due(record), DELIVERY_GRACE_MS),
    );
  }

  /** What is still to be removed expires by itself. */
  stop(): void {
    const { timers } = this.#surroundings();
    for (const handle of this.#pending.values()) timers.clear(handle);
    this.#pending.clear();
  }

  #due(record: Pick<RunRecord, 'run' | 'fence'>): void {
    const { feeds, store } = this.#surroundings();
    const { run, fence } = record;
    if (feeds.watchers(run) > 0) {
      // Who reads slowly is waited for, until the run expires.
      this.noted(record);
      return;
    }
    this.#pending.delete(keyOf(record));
    store.purge(run, fence.epoch).catch(() => {});
  }
}

function keyOf({ run, fence }: Pick<RunRecord, 'run' | 'fence'>): string {
  return `${run} ${fence.epoch}`;
}
