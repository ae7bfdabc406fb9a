import type { Ending, Heard, Question } from './ask.js';

/** One exchange as it goes on: settled once, at the latest when the client has had enough. */
export class Hearing {
  readonly heard: Promise<Heard>;
  status: number | undefined;
  headers: Heard['headers'] = {};
  readonly #arrivals: { atMs: number; text: string }[] = [];
  readonly #startMs = Date.now();
  readonly #timers: NodeJS.Timeout[];
  readonly #leave: () => void;
  #resolve: ((heard: Heard) => void) | undefined;

  constructor({ limitMs, leavesAfterMs }: Question, leave: () => void) {
    this.#leave = leave;
    this.heard = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#timers = [setTimeout(() => this.settle('gave up'), limitMs)];
    if (leavesAfterMs !== undefined) {
      this.#timers.push(setTimeout(() => this.settle('left'), leavesAfterMs));
    }
  }

  arrive(text: string): void {
    this.#arrivals.push({ atMs: Date.now(), text });
  }

  /** What comes after the first time is of no interest any more. */
  settle(ending: Ending, cutBy?: string): void {
    const resolve = this.#resolve;
    if (resolve === undefined) return;
    this.#resolve = undefined;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#leave();
    const endedMs = Date.now();
    resolve({
      status: this.status,
      headers: this.headers,
      text: this.#arrivals.map(({ text }) => text).join(''),
      arrivals: this.#arrivals,
      ending,
      cutBy,
      tookMs: endedMs - this.#startMs,
      endedMs,
    });
  }
}
