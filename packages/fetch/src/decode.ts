import { isWorkers } from './runtime.js';

const CODINGS: Readonly<Record<string, string>> = {
  gzip: 'gzip',
  'x-gzip': 'gzip',
  deflate: 'deflate',
  // Newer runtimes only.
  br: 'brotli',
};

/** The content coding of a response's bytes, as its handler gives them; `undefined` for none. */
export function codingOf(response: Response): string | undefined {
  const coding = response.headers.get('content-encoding')?.trim().toLowerCase();
  if (coding === undefined || coding === '' || coding === 'identity') return undefined;
  // `fetch` has decoded what it gives, and left the header; Workers encode by themselves.
  return response.url !== '' || isWorkers ? undefined : coding;
}

/** Undoes a content coding that the head, which has been sent, does not name. */
export interface Decoded {
  readonly readable: ReadableStream<Uint8Array>;
  /** Why the encoded body failed, if it did and not its coding. */
  readonly failure: () => { readonly error: unknown } | undefined;
}

/** `undefined` for a coding that this runtime cannot undo. */
export function decode(body: ReadableStream<Uint8Array>, coding: string): Decoded | undefined {
  const decompressor = createDecompressor(coding);
  if (decompressor === undefined) return undefined;
  let failure: { readonly error: unknown } | undefined;
  const reader = body.getReader();
  const watched = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (done) controller.close();
          else controller.enqueue(value);
        } catch (error) {
          failure = { error };
          throw error;
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
  return { readable: watched.pipeThrough(decompressor), failure: () => failure };
}

interface Decompressor {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

function createDecompressor(coding: string): Decompressor | undefined {
  const format = CODINGS[coding];
  if (format === undefined) return undefined;
  try {
    return new DecompressionStream(format as 'gzip') as unknown as Decompressor;
  } catch {
    return undefined;
  }
}
