/** A body that is handed out. */
export interface BodySource {
  /** The next bytes; `undefined` at the end. */
  read(): Promise<Uint8Array | undefined>;
  /** All of it was read; throws what is wrong with it. */
  ended(): void | Promise<void>;
  /** What the reader is told of a failure. */
  failed(error: unknown): unknown;
  cancel(reason: unknown): Promise<void>;
}

/** All of it at once, by a way that is shorter than through a stream. */
export async function readAll(source: BodySource): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  try {
    for (let bytes = await source.read(); bytes !== undefined; bytes = await source.read()) {
      chunks.push(bytes);
    }
    await source.ended();
  } catch (error) {
    throw await source.failed(error);
  }
  return chunks;
}

/** Safari knows byte streams from 26.4 on. */
function knowsByteStreams(): boolean {
  try {
    return new ReadableStream({ type: 'bytes' }) !== undefined;
  } catch {
    return false;
  }
}

// The types do not know that there is another kind.
const TYPE = (knowsByteStreams() ? 'bytes' : undefined) as 'bytes';

/** A stream that reads when it is read. A byte stream, as those of `fetch` are, where there are such. */
export function streamOf(source: BodySource): ReadableStream<Uint8Array> {
  return new ReadableStream({
    type: TYPE,
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
