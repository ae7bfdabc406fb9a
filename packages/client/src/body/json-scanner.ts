import type { Tracker } from './tracker.js';

const BEFORE = 0;
const BETWEEN = 1;
const IN_STRING = 2;
const IN_ESCAPE = 3;
const IN_SCALAR = 4;
const AFTER = 5;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

export function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/**
 * Knows whether a JSON text is whole, without parsing it. It takes whatever it cannot judge for whole:
 * several documents behind each other, or a text that is no JSON.
 */
export class JsonScanner implements Tracker {
  #state: 0 | 1 | 2 | 3 | 4 | 5 = BEFORE;
  #depth = 0;
  #isNoJson = false;
  #endsInSpace = true;

  /** Before the document, or behind a beat between its tokens. */
  get atBoundary(): boolean {
    return this.#endsInSpace && this.#state <= BETWEEN;
  }

  /** What the text is if it ends here. */
  get verdict(): 'blank' | 'incomplete' | 'whole' {
    if (this.#state === BEFORE) return 'blank';
    const isScalar = this.#state === IN_SCALAR && this.#depth === 0;
    return isScalar || this.#state === AFTER || this.#isNoJson ? 'whole' : 'incomplete';
  }

  push(bytes: Uint8Array): void {
    const { length } = bytes;
    let isBlank = true;
    for (let at = 0; at < length; at += 1) {
      const byte = bytes[at] as number;
      if (this.#state === IN_STRING) {
        // Most of a document is strings: look for what ends one natively.
        const quote = bytes.indexOf(QUOTE, at);
        const end = quote === -1 ? length : quote;
        if (endsInEscape(bytes, at, end)) this.#state = quote === -1 ? IN_ESCAPE : IN_STRING;
        else if (quote !== -1) this.#valueEnd();
        at = end;
        isBlank = false;
      } else if (this.#state === IN_ESCAPE) {
        this.#state = IN_STRING;
        isBlank = false;
      } else if (isSpace(byte)) {
        if (this.#state === IN_SCALAR) this.#valueEnd();
      } else {
        this.#token(byte);
        isBlank = false;
      }
    }
    if (length > 0) this.#endsInSpace = isBlank;
  }

  #token(byte: number): void {
    // A second document, or what only looked like one.
    this.#isNoJson ||= this.#state === AFTER;
    switch (byte) {
      case QUOTE:
        this.#isNoJson ||= this.#state === IN_SCALAR;
        this.#state = IN_STRING;
        return;
      case 0x7b: // {
      case 0x5b: // [
        this.#isNoJson ||= this.#state === IN_SCALAR;
        this.#depth += 1;
        this.#state = BETWEEN;
        return;
      case 0x7d: // }
      case 0x5d: // ]
        this.#isNoJson ||= this.#depth === 0;
        this.#depth -= 1;
        this.#valueEnd();
        return;
      case 0x2c: // ,
      case 0x3a: // :
        this.#isNoJson ||= this.#depth === 0;
        this.#state = BETWEEN;
        return;
      default:
        this.#state = IN_SCALAR;
    }
  }

  #valueEnd(): void {
    this.#state = this.#depth > 0 ? BETWEEN : AFTER;
  }
}

/** Whether the bytes before `end` make an escape of what stands there. */
function endsInEscape(bytes: Uint8Array, from: number, end: number): boolean {
  let at = end;
  while (at > from && bytes[at - 1] === BACKSLASH) at -= 1;
  return (end - at) % 2 === 1;
}
