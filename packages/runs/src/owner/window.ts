/** A batch is this large at most, so that one answer of the store opens the window again soon. */
const MAX_BATCH_ENTRIES = 256;

export interface Batch {
  readonly entries: readonly Uint8Array[];
  readonly bytes: number;
  readonly head: Uint8Array | undefined;
}

/** What is written and not yet acknowledged by the store. Bounds are kept by whoever puts it in. */
export class AppendWindow {
  readonly #windowBytes: number;
  #entries: Uint8Array[] = [];
  #head: Uint8Array | undefined;
  #queuedBytes = 0;
  #inFlightBytes = 0;
  #waiting: (() => void)[] = [];

  constructor(windowBytes: number) {
    this.#windowBytes = windowBytes;
  }

  /** Queued and on their way. */
  get bytes(): number {
    return this.#queuedBytes + this.#inFlightBytes;
  }

  get isOpen(): boolean {
    return this.bytes < this.#windowBytes;
  }

  put(entry: Uint8Array): void {
    this.#entries.push(entry);
    this.#queuedBytes += entry.length;
  }

  putHead(head: Uint8Array): void {
    this.#head = head;
    this.#queuedBytes += head.length;
  }

  /** The next batch; `undefined` if nothing is queued. One is on its way at a time. */
  take(): Batch | undefined {
    if (this.#entries.length === 0 && this.#head === undefined) return undefined;
    const entries: Uint8Array[] = [];
    let bytes = this.#head?.length ?? 0;
    for (const entry of this.#entries) {
      const isFull = entries.length >= MAX_BATCH_ENTRIES || bytes >= this.#windowBytes;
      if (isFull) break;
      entries.push(entry);
      bytes += entry.length;
    }
    this.#entries = this.#entries.slice(entries.length);
    const head = this.#head;
    this.#head = undefined;
    this.#queuedBytes -= bytes;
    this.#inFlightBytes = bytes;
    return { entries, bytes, head };
  }

  /** The batch on its way has arrived. */
  acknowledge(): void {
    this.#inFlightBytes = 0;
    if (this.isOpen) this.#wake();
  }

  /** Nothing more goes out. Whoever waits waits no longer. */
  clear(): void {
    this.#entries = [];
    this.#head = undefined;
    this.#queuedBytes = 0;
    this.#inFlightBytes = 0;
    this.#wake();
  }

  /** Resolves when there is room. */
  drained(): Promise<void> {
    if (this.isOpen) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}
