import type { Timers } from '../timers.js';

/** Says when there was no sign of life for too long. One timer, however many signs there are. */
export class Silence {
  readonly #timers: Timers;
  readonly #maxMs: number;
  readonly #tooLong: () => void;
  #sinceMs: number;
  #timer: unknown;

  constructor(timers: Timers, maxMs: number, tooLong: () => void) {
    this.#timers = timers;
    this.#maxMs = maxMs;
    this.#tooLong = tooLong;
    this.#sinceMs = timers.now();
    this.#wait();
  }

  /** There was a sign of life. */
  broken(): void {
    this.#sinceMs = this.#timers.now();
  }

  stop(): void {
    this.#timers.clear(this.#timer);
  }

  #wait(): void {
    const leftMs = this.#sinceMs + this.#maxMs - this.#timers.now();
    if (leftMs <= 0) this.#tooLong();
    else this.#timer = this.#timers.set(() => this.#wait(), leftMs);
  }
}
