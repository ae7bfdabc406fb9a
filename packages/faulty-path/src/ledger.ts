import type { ConnectionRecord } from './connection.js';

/** Enough for what a person looks at, and some megabytes. */
const DEFAULT_KEEP_CLOSED = 10_000;

/** The connections of a path: all that are open, and the last that were closed, for it may run for weeks. */
export class Ledger {
  readonly #keepClosed: number;
  readonly #connections: ConnectionRecord[] = [];
  /** Those of them that are closed, in the order in which they were. */
  readonly #closed: ConnectionRecord[] = [];
  #opened = 0;
  #forgotten = 0;

  constructor(keepClosed = DEFAULT_KEEP_CLOSED) {
    this.#keepClosed = keepClosed;
  }

  get connections(): readonly ConnectionRecord[] {
    return this.#connections;
  }

  get forgotten(): number {
    return this.#forgotten;
  }

  /** The number of a connection that comes, from 1. */
  next(): number {
    this.#opened += 1;
    return this.#opened;
  }

  add(record: ConnectionRecord): void {
    this.#connections.push(record);
  }

  close(record: ConnectionRecord): void {
    this.#closed.push(record);
    if (this.#closed.length <= this.#keepClosed) return;
    const [oldest] = this.#closed.splice(0, 1);
    if (oldest === undefined) return;
    this.#connections.splice(this.#connections.indexOf(oldest), 1);
    this.#forgotten += 1;
  }

  /** @throws RangeError for a connection that is forgotten. `undefined`: there was none yet. */
  find(number: number): ConnectionRecord | undefined {
    const found = this.#connections.find((record) => record.number === number);
    if (found !== undefined || number > this.#opened) return found;
    throw new RangeError(
      `there is no connection ${number} any more: ${this.#forgotten} are forgotten, keepClosed is ${this.#keepClosed}`,
    );
  }
}
