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

type ReadResult = Awaited<ReturnType<ReadableStreamDefaultReader<Uint8Array>['read']>>;

/** Undoes a content coding that the head, which has been sent, does not name. */
export interface Decoded {
  readonly readable: ReadableStream<Uint8Array>;
  /** Why the encoded body failed, if it did and not its coding. */
  readonly failure: () => { readonly error: unknown } | undefined;
}

/**
 * `undefined` for a coding that this runtime cannot undo. A body that was decoded already and kept its
 * header, as a copy of what `fetch` gives has it, shows in its first bytes and passes as it is.
 */
export function decode(body: ReadableStream<Uint8Array>, coding: string): Decoded | undefined {
  const decompressor = createDecompressor(coding);
  if (decompressor === undefined) return undefined;
  let failure: { readonly error: unknown } | undefined;
  const source = body.getReader();
  let out: ReadableStreamDefaultReader<Uint8Array> | undefined;

  async function read(): Promise<ReadResult> {
    try {
      return await source.read();
    } catch (error) {
      failure = { error };
      throw error;
    }
  }

  async function begin(): Promise<ReadableStreamDefaultReader<Uint8Array>> {
    const first = await read();
    const plain = restOf(first, read, source);
    const isPlain = first.value !== undefined && !isEncoded(first.value);
    return (
      isPlain || decompressor === undefined ? plain : plain.pipeThrough(decompressor)
    ).getReader();
  }

  const readable = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        out ??= await begin();
        const { done, value } = await out.read();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => (out ?? source).cancel(reason),
    },
    { highWaterMark: 0 },
  );
  return { readable, failure: () => failure };
}

/** What was read, and then what is left. */
function restOf(
  first: ReadResult,
  read: () => Promise<ReadResult>,
  source: ReadableStreamDefaultReader<Uint8Array>,
): ReadableStream<Uint8Array> {
  let next: ReadResult | undefined = first;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = next ?? (await read());
        next = undefined;
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => source.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

/** JSON and events are text, and no coding makes text of them. */
function isEncoded(bytes: Uint8Array): boolean {
  const isText = (byte: number): boolean => byte >= 0x20 || (byte >= 0x09 && byte <= 0x0d);
  if (!bytes.every(isText)) return true;
  try {
    // The last character may lie across two chunks.
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return false;
  } catch {
    return true;
  }
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
