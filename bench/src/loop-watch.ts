import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

/** What is shorter between two looks is not seen. */
const RESOLUTION_MS = 1;

/** The longest hold-up of this process's event loop. */
export class LoopWatch {
  #delays: IntervalHistogram | undefined;

  start(): void {
    this.#delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    this.#delays.enable();
  }

  /** How long a timer that was due was kept waiting, at most. */
  stop(): number {
    this.#delays?.disable();
    return Math.max(0, (this.#delays?.max ?? Number.NaN) / 1e6 - RESOLUTION_MS);
  }
}
