import type { Chunk } from '../formats/format.js';

const LF = 0x0a;
const CR = 0x0d;

/**
 * Replaces the line ends of a JSON text, which can only stand between its tokens, by something that
 * a line-based format allows. LF, CR and CRLF, also when a CRLF is split between chunks.
 */
export class LineEndReplacer {
  readonly #replacement: string;
  #afterCr = false;

  constructor(replacement: string) {
    this.#replacement = replacement;
  }

  replace(chunk: Chunk): Chunk[] {
    if (chunk.length === 0) return [];
    const text = typeof chunk === 'string';
    const parts: Chunk[] = [];
    let start = 0;
    for (let i = 0; i < chunk.length; i++) {
      const code = text ? chunk.charCodeAt(i) : (chunk[i] as number);
      if (code !== LF && code !== CR) {
        this.#afterCr = false;
        continue;
      }
      if (i > start) parts.push(text ? chunk.slice(start, i) : chunk.subarray(start, i));
      start = i + 1;
      if (code === LF && this.#afterCr) this.#afterCr = false;
      else {
        parts.push(this.#replacement);
        this.#afterCr = code === CR;
      }
    }
    if (start < chunk.length) parts.push(text ? chunk.slice(start) : chunk.subarray(start));
    return parts;
  }
}
