import type { RunRecord, RunStore } from '../store.js';
import type { Timers } from '../timers.js';

/** Own appends ring as well; an answer of the store within this time says what the ring was for. */
const ASK_AFTER_MS = 250;

export interface CancelEvents {
  /** Ask the store for the record, and say what was heard. */
  ask(): void;
  /** Somebody cancelled the run. Once. */
  wished(): void;
  /** The handler did not settle within the grace. */
  overdue(): void;
}

/** Learns by the doorbell, a renewal or an append that somebody wants the run cancelled. */
export class CancelWatch {
  readonly #timers: Timers;
  readonly #graceMs: number;
  readonly #events: CancelEvents;
  #askTimer: unknown;
  #rungAt = Number.NEGATIVE_INFINITY;
  #graceTimer: unknown;
  #wished = false;
  #stopped = false;
  #unsubscribe: (() => void) | undefined;

  constructor(store: RunStore, run: string, timers: Timers, graceMs: number, events: CancelEvents) {
    this.#timers = timers;
    this.#graceMs = graceMs;
    this.#events = events;
    store
      .subscribe(run, () => this.#rung())
      .then(
        (unsubscribe) => {
          if (this.#stopped) unsubscribe();
          else this.#unsubscribe = unsubscribe;
        },
        // Without the doorbell the next renewal tells.
        () => {},
      );
  }

  get isWished(): boolean {
    return this.#wished;
  }

  /** The store answered what it was asked at `askedAt` of our clock, and this came with it. */
  heard(record: RunRecord, askedAt: number): void {
    // What was asked before the ring need not know what the ring was for.
    if (askedAt > this.#rungAt) this.#stopAsking();
    if (!record.cancelRequested || this.#wished || this.#stopped) return;
    this.#wished = true;
    this.#graceTimer = this.#timers.set(() => this.#events.overdue(), this.#graceMs);
    this.#events.wished();
  }

  stop(): void {
    this.#stopped = true;
    this.#stopAsking();
    this.#timers.clear(this.#graceTimer);
    this.#unsubscribe?.();
  }

  #stopAsking(): void {
    this.#timers.clear(this.#askTimer);
    this.#askTimer = undefined;
  }

  #rung(): void {
    if (this.#stopped || this.#wished) return;
    this.#rungAt = this.#timers.now();
    if (this.#askTimer !== undefined) return;
    this.#askTimer = this.#timers.set(() => {
      this.#askTimer = undefined;
      this.#events.ask();
    }, ASK_AFTER_MS);
  }
}
