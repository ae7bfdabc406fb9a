import type { Runtime } from '../../src/runtime.js';

interface Timer {
  readonly callback: () => void;
  dueMs: number;
}

/** Time that stands still until it is turned. */
export class FakeRuntime implements Runtime {
  nowMs = 1_000_000;
  randomness = 0.5;
  readonly #timers = new Set<Timer>();

  get pending(): number {
    return this.#timers.size;
  }

  readonly now = (): number => this.nowMs;
  readonly random = (): number => this.randomness;

  set(callback: () => void, ms: number): unknown {
    const timer = { callback, dueMs: this.nowMs + Math.max(1, ms) };
    this.#timers.add(timer);
    return timer;
  }

  clear(handle: unknown): void {
    this.#timers.delete(handle as Timer);
  }

  /** Time passes with every timer on time. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.nowMs + ms;
    for (;;) {
      const [next] = [...this.#timers]
        .filter(({ dueMs }) => dueMs <= untilMs)
        .sort((a, b) => a.dueMs - b.dueMs);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.nowMs = Math.max(this.nowMs, next.dueMs);
      next.callback();
      await settle();
    }
    this.nowMs = untilMs;
    await settle();
  }

  /** The machine sleeps: the clock goes on, timers that were due come late, all at once. */
  async sleep(ms: number): Promise<void> {
    this.nowMs += ms;
    await this.pass(0);
  }
}

async function settle(): Promise<void> {
  for (let i = 0; i < 20; i += 1) await Promise.resolve();
}
