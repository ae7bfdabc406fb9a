import type { Timers } from '../../src/timers.js';

/** Time that passes only when a test says so. */
export class FakeClock implements Timers {
  #nowMs = 1_000;
  #timers = new Map<number, { dueMs: number; callback: () => void }>();
  #ids = 0;

  now = (): number => this.#nowMs;

  set(callback: () => void, delayMs: number): unknown {
    this.#ids += 1;
    this.#timers.set(this.#ids, { dueMs: this.#nowMs + Math.max(0, delayMs), callback });
    return this.#ids;
  }

  clear(handle: unknown): void {
    this.#timers.delete(handle as number);
  }

  get pending(): number {
    return this.#timers.size;
  }

  /** Fires what becomes due, in order, and lets everything that follows from it happen. */
  async pass(ms: number): Promise<void> {
    const end = this.#nowMs + ms;
    await this.calm();
    for (;;) {
      let next: [number, { dueMs: number; callback: () => void }] | undefined;
      for (const entry of this.#timers) {
        if (entry[1].dueMs <= end && (next === undefined || entry[1].dueMs < next[1].dueMs)) {
          next = entry;
        }
      }
      if (next === undefined) break;
      this.#timers.delete(next[0]);
      this.#nowMs = Math.max(this.#nowMs, next[1].dueMs);
      next[1].callback();
      await this.calm();
    }
    this.#nowMs = end;
    await this.calm();
  }

  /** Lets everything happen that takes no time. */
  protected calm(): Promise<void> {
    return settle();
  }
}

/** Lets all promises that can settle do so. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 3; i += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}
