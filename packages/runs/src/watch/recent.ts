import type { LogEntry } from './page.js';

/** The newest entries of one log, within bounds. Contiguous. */
export class RecentEntries {
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  #entries: LogEntry[] = [];
  #bytes = 0;

  constructor(maxEntries: number, maxBytes: number) {
    this.#maxEntries = maxEntries;
    this.#maxBytes = maxBytes;
  }

  push(entries: readonly LogEntry[]): void {
    for (const entry of entries) this.#bytes += entry.size;
    this.#entries.push(...entries);
    let dropped = 0;
    while (
      this.#entries.length - dropped > this.#maxEntries ||
      (this.#bytes > this.#maxBytes && dropped < this.#entries.length)
    ) {
      this.#bytes -= this.#entries[dropped]?.size ?? 0;
      dropped += 1;
    }
    if (dropped > 0) this.#entries = this.#entries.slice(dropped);
  }

  /** What is behind this offset; `undefined` if that is older than what is kept. */
  after(offset: number): readonly LogEntry[] | undefined {
    const first = this.#entries[0]?.offset;
    if (first === undefined || offset + 1 < first) return undefined;
    return this.#entries.slice(offset + 1 - first);
  }
}
