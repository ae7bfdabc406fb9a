import { Duplex } from 'node:stream';
import { MAX_DELAY_MS } from '../fields.js';

/** When what comes in goes on. Times are of `performance.now()`. */
export interface Schedule {
  bytesDue(now: number, length: number): number;
  endDue(now: number): number;
  /** Bytes are cut into pieces of this size, each with a time of its own. */
  readonly pieceBytes: number;
  /** Once so much waits, nothing more is taken. */
  readonly heldBytes: number;
}

interface Held {
  readonly bytes: Buffer;
  readonly due: number;
}

/**
 * Passes bytes and their end on by a schedule, in order, with back-pressure. No Transform: that waits for
 * a `_read` once more where a piece was accepted in one, and such a `_read` comes only behind a push.
 */
export class DelayLine extends Duplex {
  readonly #schedule: Schedule;
  readonly #held: Held[] = [];
  #heldBytes = 0;
  /**
   * Asked for by `_read`, and not refused by `push` since. How full the buffer is says less: `_read` is
   * called before the piece that makes room is taken, and not again until something was pushed.
   */
  #isWanted = false;
  #accept: (() => void) | undefined;
  #end: { readonly due: number; readonly callback: () => void } | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(schedule: Schedule) {
    super();
    this.#schedule = schedule;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    const now = performance.now();
    for (let from = 0; from < chunk.length; from += this.#schedule.pieceBytes) {
      const bytes = chunk.subarray(from, from + this.#schedule.pieceBytes);
      this.#held.push({ bytes, due: this.#schedule.bytesDue(now, bytes.length) });
    }
    this.#heldBytes += chunk.length;
    this.#accept = callback;
    this.#release();
  }

  override _final(callback: () => void): void {
    this.#end = { due: this.#schedule.endDue(performance.now()), callback };
    this.#release();
  }

  override _read(): void {
    this.#isWanted = true;
    this.#release();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    clearTimeout(this.#timer);
    this.#held.length = 0;
    callback(error);
  }

  /** Whatever is due, as far as the next takes it. */
  #release(): void {
    clearTimeout(this.#timer);
    const now = performance.now();
    let next = this.#held[0];
    while (next !== undefined && next.due <= now && this.#isWanted) {
      this.#held.shift();
      this.#heldBytes -= next.bytes.length;
      // Before the push, in which `_read` may be called.
      this.#isWanted = false;
      if (this.push(next.bytes)) this.#isWanted = true;
      next = this.#held[0];
    }
    this.#scheduleFrom(now, next?.due ?? this.#end?.due);

    const accept = this.#accept;
    if (accept !== undefined && this.#heldBytes < this.#schedule.heldBytes && this.#isWanted) {
      this.#accept = undefined;
      accept();
    }
    if (this.#held.length === 0 && this.#end !== undefined && this.#end.due <= now) {
      const { callback } = this.#end;
      this.#end = undefined;
      this.push(null);
      callback();
    }
  }

  /** What is due already waits until it is wanted, and `_read` says when. */
  #scheduleFrom(now: number, due: number | undefined): void {
    if (due === undefined || due <= now || due === Number.POSITIVE_INFINITY) return;
    const delayMs = Math.min(Math.ceil(due - now), MAX_DELAY_MS);
    this.#timer = setTimeout(() => this.#release(), delayMs);
  }
}
