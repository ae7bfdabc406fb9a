import type { Chunk } from '@holdopen/core';

/** Whoever takes what the handler's body gives. */
export interface BodyTaker {
  took(chunk: Chunk): void;
  ended(): void;
  failed(error: unknown): void;
}

/** Reads the handler's body: one chunk each time that somebody wants one. */
export class HandlerBody {
  readonly #reader: ReadableStreamDefaultReader<unknown>;
  readonly #taker: BodyTaker;
  #state: 'idle' | 'reading' | 'over' = 'idle';

  /** @throws TypeError if somebody else reads it. */
  constructor(body: ReadableStream<unknown>, taker: BodyTaker) {
    this.#reader = body.getReader();
    this.#taker = taker;
  }

  /** Nobody has asked it for anything that it has not given. */
  get isIdle(): boolean {
    return this.#state === 'idle';
  }

  next(): void {
    if (this.#state !== 'idle') return;
    this.#state = 'reading';
    this.#reader.read().then(this.#onRead, this.#onError);
  }

  /** Nobody wants it any more, and whatever makes it may stop. */
  cancel(reason: unknown): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#reader.cancel(reason).catch(() => {});
  }

  /** Nobody wants it any more, but the work that makes it is to be done. */
  finishUnseen(): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    const onRead = ({ done }: { done: boolean }): void => {
      if (!done) this.#reader.read().then(onRead, () => {});
    };
    this.#reader.read().then(onRead, () => {});
  }

  readonly #onRead = ({ done, value }: { done: boolean; value?: unknown }): void => {
    if (this.#state === 'over') return;
    if (done) {
      this.#state = 'over';
      this.#taker.ended();
      return;
    }
    this.#state = 'idle';
    const chunk = toChunk(value);
    if (chunk !== undefined) {
      this.#taker.took(chunk);
      return;
    }
    const error = new TypeError(
      `The body that the handler answered with gave a chunk that is no Uint8Array: ${typeof value}.`,
    );
    this.cancel(error);
    this.#taker.failed(error);
  };

  readonly #onError = (error: unknown): void => {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#taker.failed(error);
  };
}

/** Bytes; some runtimes take text, too, and buffers of other kinds. */
function toChunk(value: unknown): Chunk | undefined {
  if (typeof value === 'string' || value instanceof Uint8Array) return value;
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  // Those of another realm, as test runners make them, are no instances of ours.
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  }
  return undefined;
}
