import { Transform, type TransformCallback } from 'node:stream';
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

/** Passes bytes and their end on by a schedule, in order, with back-pressure. */
export class DelayLine extends Transform {
  readonly #schedule: Schedule;
  readonly #held: Held[] = [];
  #heldBytes = 0;
  #accept: TransformCallback | undefined;
  #end: { readonly due: number; readonly callback: TransformCallback } | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(schedule: Schedule) {
    super();
    this.#schedule = schedule;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    const now = performance.now();
    for (let from = 0; from < chunk.length; from += this.#schedule.pieceBytes) {
      const bytes = chunk.subarray(from, from + this.#schedule.pieceBytes);
      this.#held.push({ bytes, due: this.#schedule.bytesDue(now, bytes.length) });
    }
    this.#heldBytes += chunk.length;
    this.#accept = callback;
    this.#release();
  }

  override _flush(callback: TransformCallback): void {
    this.#end = { due: this.#schedule.endDue(performance.now()), callback };
    this.#release();
  }

  override _read(size: number): void {
    super._read(size);
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
    while (next !== undefined && next.due <= now && this.#hasRoom()) {
      this.#held.shift();
      this.#heldBytes -= next.bytes.length;
      this.push(next.bytes);
      next = this.#held[0];
    }
    this.#scheduleFrom(now, next?.due ?? this.#end?.due);

    const accept = this.#accept;
    if (accept !== undefined && this.#heldBytes < this.#schedule.heldBytes && this.#hasRoom()) {
      this.#accept = undefined;
      accept();
    }
    if (next === undefined && this.#end !== undefined && this.#end.due <= now) {
      const { callback } = this.#end;
      this.#end = undefined;
      callback();
    }
  }

  /** What is due already waits for room, and `_read` says when there is some. */
  #scheduleFrom(now: number, due: number | undefined): void {
    if (due === undefined || due <= now || due === Number.POSITIVE_INFINITY) return;
    const delayMs = Math.min(Math.ceil(due - now), MAX_DELAY_MS);
    this.#timer = setTimeout(() => this.#release(), delayMs);
  }

  #hasRoom(): boolean {
    return this.readableLength < this.readableHighWaterMark;
  }
}
