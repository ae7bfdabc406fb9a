import { type JournalLine, toLine } from './record.js';

/**
 * So much waits for a disk that fails or is slow: about 30,000 failures, since a proxy that is restarted
 * ends all that it carries in one moment.
 */
const MAX_WAITING_BYTES = 16 * 2 ** 20;
const BATCH_BYTES = 256 * 2 ** 10;

/** Lines on their way to the disk. */
export class LineQueue {
  #waiting: string[] = [];
  #waitingBytes = 0;
  /** Handed to the system, and not known to be written. */
  #inFlight: string[] = [];
  /** Lines that found no room. */
  dropped = 0;

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  add(line: JournalLine): void {
    const text = toLine(line);
    if (this.#waitingBytes + text.length > MAX_WAITING_BYTES) {
      this.dropped += 1;
      return;
    }
    this.#waiting.push(text);
    this.#waitingBytes += text.length;
  }

  /** Some of them, to be written at once: then say `written` or `failed`. */
  take(): string {
    let bytes = 0;
    let count = 0;
    for (const { length } of this.#waiting) {
      if (count > 0 && bytes + length > BATCH_BYTES) break;
      bytes += length;
      count += 1;
    }
    this.#inFlight = this.#waiting.splice(0, count);
    this.#waitingBytes -= bytes;
    return this.#inFlight.join('');
  }

  written(): void {
    this.#inFlight = [];
  }

  /** All but so many bytes of what was taken. */
  failed(writtenBytes: number): void {
    let left = writtenBytes;
    const isWritten = (line: string): boolean => {
      left -= Buffer.byteLength(line);
      return left >= 0;
    };
    // A disk that has room for a little would else be filled with the same lines at each attempt.
    while (this.#inFlight[0] !== undefined && isWritten(this.#inFlight[0])) this.#inFlight.shift();
    this.#waiting.unshift(...this.#inFlight);
    for (const { length } of this.#inFlight) this.#waitingBytes += length;
    this.#inFlight = [];
  }

  /** All that is not known to be written, for a process that ends. */
  rest(): { readonly text: string; readonly mayBeTorn: boolean } {
    const text = [...this.#inFlight, ...this.#waiting].join('');
    return { text, mayBeTorn: this.#inFlight.length > 0 };
  }
}
