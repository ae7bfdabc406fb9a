import type { Chunk } from '../formats/format.js';

const LF = 0x0a;
const CR = 0x0d;

/**
 * Replaces the line ends of a JSON text, which can only stand between its tokens, by something that
 * a line-based format allows. LF, CR and CRLF, also when a CRLF is split between chunks.
 */
export class LineEndReplacer {
  readonly #replacement: string;
  readonly #bytes: Uint8Array;
  #afterCr = false;

  constructor(replacement: string) {
    this.#replacement = replacement;
    this.#bytes = new TextEncoder().encode(replacement);
  }

  /** One chunk comes out, however many lines go in: a document may have a million. */
  replace(chunk: Chunk): Chunk {
    if (chunk.length === 0) return chunk;
    return typeof chunk === 'string' ? this.#replaceText(chunk) : this.#replaceBytes(chunk);
  }

  #replaceText(chunk: string): string {
    const text = this.#afterCr && chunk.startsWith('\n') ? chunk.slice(1) : chunk;
    this.#afterCr = chunk.endsWith('\r');
    return text.replace(/\r\n|\r|\n/g, this.#replacement);
  }

  #replaceBytes(chunk: Uint8Array): Uint8Array {
    // The first half of this CRLF came with the last chunk, and was replaced there.
    const start = this.#afterCr && chunk[0] === LF ? 1 : 0;
    this.#afterCr = chunk[chunk.length - 1] === CR;
    const { kept, ends } = countLines(chunk, start);
    if (ends === 0) return start === 0 ? chunk : chunk.subarray(start);
    const replaced = new Uint8Array(kept + ends * this.#bytes.length);
    let to = 0;
    for (let from = start; from < chunk.length; from += 1) {
      const byte = chunk[from] as number;
      if (byte !== LF && byte !== CR) {
        replaced[to] = byte;
        to += 1;
        continue;
      }
      if (byte === CR && chunk[from + 1] === LF) from += 1;
      replaced.set(this.#bytes, to);
      to += this.#bytes.length;
    }
    return replaced;
  }
}

function countLines(chunk: Uint8Array, start: number): { kept: number; ends: number } {
  let kept = 0;
  let ends = 0;
  for (let i = start; i < chunk.length; i += 1) {
    const byte = chunk[i];
    if (byte !== LF && byte !== CR) kept += 1;
    else if (byte === CR || i === start || chunk[i - 1] !== CR) ends += 1;
  }
  return { kept, ends };
}
