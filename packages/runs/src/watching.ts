import { pause, type Timers } from './timers.js';

const LOOK_MS = 10;

/** Who watches in this process, which ends that at its shutdown. */
export class Watching {
  /** No signal: thousands may listen, which Node takes for a leak. */
  readonly #watchers = new Map<() => void, string>();

  get size(): number {
    return this.#watchers.size;
  }

  add(run: string, leave: () => void): void {
    this.#watchers.set(leave, run);
  }

  delete(leave: () => void): void {
    this.#watchers.delete(leave);
  }

  endAll(): void {
    for (const leave of [...this.#watchers.keys()]) leave();
  }

  /** Waits until nobody watches any of these runs, which have ended: all were told how. */
  async toldEndOf(runs: ReadonlySet<string>, timers: Timers, limitMs: number): Promise<void> {
    const deadline = timers.now() + limitMs;
    const isWatched = () => [...this.#watchers.values()].some((run) => runs.has(run));
    while (runs.size > 0 && isWatched() && timers.now() < deadline) await pause(timers, LOOK_MS);
  }
}
