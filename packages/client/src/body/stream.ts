/** A body that is handed out. */
export interface StreamSource {
  /** The next bytes; `undefined` at the end. */
  read(): Promise<Uint8Array | undefined>;
  /** All of it was read; throws what is wrong with it. */
  ended(): void | Promise<void>;
  /** What the reader is told of a failure. */
  failed(error: unknown): unknown;
  cancel(reason: unknown): Promise<void>;
}

/** A stream that reads when it is read. A byte stream, as those of `fetch` are. */
export function streamOf(source: StreamSource): ReadableStream<Uint8Array> {
  return new ReadableStream({
    type: 'bytes',
    async pull(controller) {
      try {
        let bytes = await source.read();
        // A byte stream takes no empty chunks.
        while (bytes?.length === 0) bytes = await source.read();
        if (bytes !== undefined) {
          controller.enqueue(bytes as Uint8Array<ArrayBuffer>);
          return;
        }
        await source.ended();
        controller.close();
        // Who reads into a buffer of his own waits for it to come back.
        controller.byobRequest?.respond(0);
      } catch (error) {
        controller.error(await source.failed(error));
      }
    },
    cancel: (reason) => source.cancel(reason),
  });
}
