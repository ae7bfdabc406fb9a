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
    const seen: Uint8Array[] = [];
    let encoded: boolean | undefined;
    let ended = false;
    while (encoded === undefined && !ended) {
      const { done, value } = await read();
      ended = done;
      if (value !== undefined) seen.push(value);
      encoded = looksEncoded(firstBytes(seen), coding, ended);
    }
    const given = restOf(seen, ended, read, source);
    const isPlain = encoded !== true || decompressor === undefined;
    return (isPlain ? given : given.pipeThrough(decompressor)).getReader();
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

/** What was seen, and then what is left. */
function restOf(
  seen: readonly Uint8Array[],
  ended: boolean,
  read: () => Promise<ReadResult>,
  source: ReadableStreamDefaultReader<Uint8Array>,
): ReadableStream<Uint8Array> {
  const chunks = seen.values();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { value: chunk } = chunks.next();
        if (chunk !== undefined) {
          controller.enqueue(chunk);
          return;
        }
        const { done, value } = ended ? { done: true, value: undefined } : await read();
        if (done || value === undefined) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => source.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

/** No coding makes so many bytes of text, unless by the worst of luck. */
const TELLING_BYTES = 16;

function firstBytes(chunks: readonly Uint8Array[]): Uint8Array {
  const bytes: number[] = [];
  for (const chunk of chunks) {
    if (bytes.length < TELLING_BYTES) bytes.push(...chunk.subarray(0, TELLING_BYTES));
  }
  return Uint8Array.from(bytes.slice(0, TELLING_BYTES));
}

/** JSON and events are text. `undefined`: more bytes are needed to tell. */
function looksEncoded(first: Uint8Array, coding: string, ended: boolean): boolean | undefined {
  if (hasMagic(first, coding) || !isText(first)) return true;
  return ended || first.length === TELLING_BYTES ? false : undefined;
}

/** RFC 1952 section 2.3.1 and RFC 1950 section 2.2, whose two bytes may be letters. Brotli has none. */
function hasMagic([first, second]: Uint8Array, coding: string): boolean {
  if (first === undefined || second === undefined) return false;
  const pair = first * 256 + second;
  if (coding === 'gzip' || coding === 'x-gzip') return pair === 0x1f8b;
  return coding === 'deflate' && (first & 0x0f) === 8 && pair % 31 === 0;
}

function isText(bytes: Uint8Array): boolean {
  if (!bytes.every((byte) => byte >= 0x20 || (byte >= 0x09 && byte <= 0x0d))) return false;
  try {
    // The last character may lie behind what is looked at.
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
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
