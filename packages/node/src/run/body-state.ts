import { Buffer } from 'node:buffer';
import { Readable } from 'node:stream';

/** What a stream keeps for itself, and does not tell in any other way. */
export interface BodyState {
  /** Nothing more comes in; it may not be read yet. */
  readonly ended: boolean;
  highWaterMark: number;
  readonly autoDestroy: boolean;
  /** What nobody has read. In newer releases of Node with an index, and room before it. */
  readonly buffer: Iterable<Uint8Array | string | null>;
  readonly bufferIndex?: number;
  /** A StringDecoder, after `setEncoding`. */
  readonly decoder: Decoder | null;
}

/** The bytes of a character whose end has not come in yet. */
interface Decoder {
  readonly lastChar?: Uint8Array;
  readonly lastNeed?: number;
  readonly lastTotal?: number;
}

export function stateOf(stream: Readable): BodyState {
  return (stream as unknown as { readonly _readableState: BodyState })._readableState;
}

/** What has come in and nobody has read, as it came in. */
export function arrivedIn(stream: Readable): Uint8Array[] {
  const { buffer, bufferIndex = 0, decoder } = stateOf(stream);
  const encoding = stream.readableEncoding ?? 'utf8';
  const arrived: Uint8Array[] = [];
  for (const piece of [...buffer].slice(bufferIndex)) {
    if (piece === null) continue;
    arrived.push(typeof piece === 'string' ? Buffer.from(piece, encoding) : piece);
  }
  const { lastChar, lastNeed = 0, lastTotal = 0 } = decoder ?? {};
  if (lastChar !== undefined && lastNeed > 0) {
    arrived.push(Uint8Array.from(lastChar.subarray(0, lastTotal - lastNeed)));
  }
  return arrived;
}

/** As if nothing had come in and nobody had read: there is no other way to begin a stream again. */
export function beginAgain(stream: Readable): void {
  const { highWaterMark, autoDestroy } = stateOf(stream);
  const encoding = stream.readableEncoding;
  const fresh = new Readable({
    ...{ highWaterMark, autoDestroy },
    ...(encoding === null ? {} : { encoding }),
  });
  Reflect.set(stream, '_readableState', stateOf(fresh));
}
