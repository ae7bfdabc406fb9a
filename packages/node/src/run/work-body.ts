import { Writable } from 'node:stream';

type Callback = (error?: Error | null) => void;

/**
 * What a run's work writes, as a stream of the web. Each chunk is handed over when the one before was
 * taken, so that the handler waits for whoever records it.
 */
export class WorkBody extends Writable {
  readonly stream: ReadableStream<Uint8Array>;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #taken: Callback | undefined;
  #isOver = false;
  /** The chunk that was handed over. */
  #handedBytes = 0;

  /** @param onCancel nobody reads any more. */
  constructor(onCancel: () => void) {
    super({ emitClose: true });
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => {
          const taken = this.#taken;
          this.#taken = undefined;
          this.#handedBytes = 0;
          taken?.();
        },
        cancel: () => {
          this.#isOver = true;
          onCancel();
        },
      },
      // A chunk is made room for when somebody reads.
      { highWaterMark: 0 },
    );
  }

  /** Written, and not handed over yet. */
  get queuedBytes(): number {
    return this.writableLength - this.#handedBytes;
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, callback: Callback): void {
    this.#taken = callback;
    this.#handedBytes = chunk.length;
    if (chunk.length > 0) this.#controller?.enqueue(chunk);
    else callback();
  }

  override _final(callback: Callback): void {
    this.#isOver = true;
    this.#controller?.close();
    callback();
  }

  override _destroy(error: Error | null, callback: Callback): void {
    if (!this.#isOver) {
      this.#isOver = true;
      this.#controller?.error(error ?? new Error('The response was destroyed.'));
    }
    const taken = this.#taken;
    this.#taken = undefined;
    callback(error);
    taken?.(error);
  }
}
