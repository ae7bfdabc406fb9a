import { unavailable } from './failures.js';
import type { Link } from './links/link.js';

/** How many replicas must have a write. */
export class Replicas {
  readonly count: number;
  readonly #limitMs: number;

  constructor(count: number, limitMs: number) {
    this.count = count;
    this.#limitMs = limitMs;
  }

  /**
   * Resolves when enough replicas have everything that the server had written before the last command
   * of this link. So a write that is repeated, and does nothing any more, is waited for as well.
   * @throws RunError `store_unavailable`: the write may be there or not
   */
  async wait(link: Link, key: string): Promise<void> {
    const took = Number(await link.send(key, ['WAIT', String(this.count), String(this.#limitMs)]));
    if (took >= this.count) return;
    throw unavailable(
      `has ${took} replicas that took the write within ${this.#limitMs} ms, and waitForReplicas is ${this.count}`,
    );
  }
}
