import type { Chunk } from '../formats/format.js';
import { isJsonSpace } from '../formats/json.js';
import { MAX_LATE_HEAD_BYTES, parseLateHead } from './head.js';

const BOM_BYTES = [0xef, 0xbb, 0xbf] as const;
const BOM_CHARACTER = 0xfeff;
const LF = 0x0a;
/** Eight bits for each byte of the longest late head, and its ends. */
const MAX_SPACE = 8 * MAX_LATE_HEAD_BYTES + 2;

/**
 * Swallows a byte order mark at the start of a payload that has beats before it, since it is one only
 * at the start of a stream; for JSON white space too, so that a late head is the last of it. Also
 * when the mark is split between chunks.
 */
export class LeadingBytes {
  readonly #dropSpace: boolean;
  /** White space that was dropped, its line feeds aside. */
  #space = '';
  #done = false;
  /** Bytes that may be the start of a mark. */
  #withheld: number[] = [];

  constructor(dropSpace: boolean) {
    this.#dropSpace = dropSpace;
  }

  /** What is left of the chunk; empty if nothing is. */
  strip(chunk: Chunk): Chunk {
    if (this.#done || chunk.length === 0) return chunk;
    if (typeof chunk === 'string') return this.#stripText(chunk);
    return this.#stripBytes(chunk);
  }

  /**
   * The late head that stood before a payload which another holdopen has held already; empty if there
   * was none.
   */
  lateHead(): string {
    const [text = ''] = /\r[ \t]+\r$/.exec(this.#space) ?? [];
    return parseLateHead(text) === undefined ? '' : text;
  }

  /** The body ends: what was withheld was no mark after all. */
  rest(): Chunk {
    const bytes = Uint8Array.from(this.#withheld);
    this.#withheld = [];
    this.#done = true;
    return bytes;
  }

  #stripText(text: string): Chunk {
    let at = 0;
    while (at < text.length) {
      const code = text.charCodeAt(at);
      const isSpace = this.#dropSpace && isJsonSpace(code);
      if (isSpace) this.#keep(code);
      else if (code !== BOM_CHARACTER) break;
      at += 1;
      if (code === BOM_CHARACTER && !this.#dropSpace) {
        this.#done = true;
        break;
      }
    }
    if (at < text.length || !this.#dropSpace) this.#done = true;
    return at === 0 ? text : text.slice(at);
  }

  #stripBytes(bytes: Uint8Array): Chunk {
    let at = 0;
    while (at < bytes.length) {
      const byte = bytes[at] as number;
      if (byte === BOM_BYTES[this.#withheld.length]) {
        this.#withheld.push(byte);
        at += 1;
        if (this.#withheld.length < 3) continue;
        this.#withheld = [];
        if (!this.#dropSpace) return this.#finish(bytes, at);
      } else if (this.#withheld.length === 0 && this.#dropSpace && isJsonSpace(byte)) {
        this.#keep(byte);
        at += 1;
      } else {
        return this.#finish(bytes, at);
      }
    }
    return bytes.subarray(bytes.length);
  }

  #keep(code: number): void {
    if (code !== LF && this.#space.length < MAX_SPACE) this.#space += String.fromCharCode(code);
  }

  #finish(bytes: Uint8Array, at: number): Chunk {
    this.#done = true;
    if (this.#withheld.length === 0) return at === 0 ? bytes : bytes.subarray(at);
    const whole = new Uint8Array(this.#withheld.length + bytes.length - at);
    whole.set(this.#withheld);
    whole.set(bytes.subarray(at), this.#withheld.length);
    this.#withheld = [];
    return whole;
  }
}
