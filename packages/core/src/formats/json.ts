import { lateHead } from '../late/head.js';
import type {
  BeatFormat,
  BoundaryTracker,
  Chunk,
  LateEnding,
  LateFailure,
  Place,
} from './format.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Where a JSON text stands. */
const BEFORE = 0;
const BETWEEN = 1;
const IN_STRING = 2;
const IN_ESCAPE = 3;
const IN_SCALAR = 4;
const AFTER = 5;
type JsonState = 0 | 1 | 2 | 3 | 4 | 5;

export function isJsonSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

function isPunctuation(code: number): boolean {
  return (
    code === 0x2c || // ,
    code === 0x3a || // :
    code === 0x7b || // {
    code === 0x7d || // }
    code === 0x5b || // [
    code === 0x5d // ]
  );
}

/**
 * Knows, byte by byte, whether a JSON text stands between two tokens and whether its one value is
 * complete. It does not check the text; a text that is none only makes it cautious. All that matters
 * is ASCII, so it reads UTF-8 bytes and UTF-16 units alike.
 */
export class JsonScanner {
  #state: JsonState = BEFORE;
  #depth = 0;

  /** The one value has ended: by its last bracket or quote, or by white space after a scalar. */
  get complete(): boolean {
    return this.#state === AFTER;
  }

  /** Nothing but white space has come. */
  get empty(): boolean {
    return this.#state === BEFORE;
  }

  /** The value is a number or a literal by itself, so that only the end can say that it is whole. */
  get bareScalar(): boolean {
    return this.#state === IN_SCALAR && this.#depth === 0;
  }

  place(): Place {
    switch (this.#state) {
      case BEFORE:
      case AFTER:
        return 'boundary';
      case BETWEEN:
        return 'inside';
      default:
        return 'closed';
    }
  }

  /** One byte or character. */
  next(code: number): void {
    switch (this.#state) {
      case IN_STRING:
        if (code === QUOTE) this.#valueEnd();
        else if (code === BACKSLASH) this.#state = IN_ESCAPE;
        return;
      case IN_ESCAPE:
        this.#state = IN_STRING;
        return;
      default:
        this.#token(code);
    }
  }

  /**
   * Reads on from `start` and stops behind the character that completes the value, or at the end of
   * the chunk. Gives where it stopped.
   */
  scan(chunk: Chunk, start = 0): number {
    const { length } = chunk;
    const text = typeof chunk === 'string';
    let at = start;
    while (at < length) {
      if (this.#state === IN_STRING) {
        at = this.#skipString(chunk, at);
      } else {
        this.next(text ? chunk.charCodeAt(at) : (chunk[at] as number));
        at += 1;
      }
      if (this.#state === AFTER) return at;
    }
    return at;
  }

  /** Most of a document is strings: look for the quote that ends one natively. */
  #skipString(chunk: Chunk, start: number): number {
    let from = start;
    for (;;) {
      const quote =
        typeof chunk === 'string' ? chunk.indexOf('"', from) : chunk.indexOf(QUOTE, from);
      const end = quote === -1 ? chunk.length : quote;
      const escaped = endsInEscape(chunk, from, end);
      if (quote === -1) {
        this.#state = escaped ? IN_ESCAPE : IN_STRING;
        return end;
      }
      if (!escaped) {
        this.#valueEnd();
        return quote + 1;
      }
      from = quote + 1;
    }
  }

  #token(code: number): void {
    if (isJsonSpace(code)) {
      if (this.#state === IN_SCALAR) this.#valueEnd();
    } else if (code === QUOTE) {
      this.#state = IN_STRING;
    } else if (code === 0x7b || code === 0x5b) {
      this.#depth += 1;
      this.#state = BETWEEN;
    } else if (code === 0x7d || code === 0x5d) {
      this.#depth -= 1;
      this.#valueEnd();
    } else if (isPunctuation(code)) {
      this.#state = BETWEEN;
    } else {
      this.#state = IN_SCALAR;
    }
  }

  #valueEnd(): void {
    this.#state = this.#depth > 0 ? BETWEEN : AFTER;
  }
}

/** Whether an odd number of backslashes stands before `end`: the last one then escapes what follows. */
function endsInEscape(chunk: Chunk, start: number, end: number): boolean {
  let first = end;
  if (typeof chunk === 'string') {
    while (first > start && chunk.charCodeAt(first - 1) === BACKSLASH) first -= 1;
  } else {
    while (first > start && chunk[first - 1] === BACKSLASH) first -= 1;
  }
  return (end - first) % 2 === 1;
}

/** Follows a JSON body that its handler streams. */
export class JsonTracker implements BoundaryTracker {
  readonly #scanner = new JsonScanner();

  push(chunk: Chunk): void {
    let at = 0;
    while (at < chunk.length) at = this.#scanner.scan(chunk, at);
  }

  place(): Place {
    return this.#scanner.place();
  }
}

/** One JSON document. White space between its tokens, before and after it means nothing. */
export function createJsonFormat(pad: number, encode: (text: string) => Uint8Array): BeatFormat {
  const newline = encode('\n');
  const padded = encode(`${' '.repeat(pad)}\n`);
  return {
    name: 'json',
    contentType: 'application/json',
    matches: isJsonMediaType,
    createTracker: () => new JsonTracker(),
    beat: (_place, first) => (first ? newline : padded),
    lateFailure: jsonFailure,
  };
}

export function isJsonMediaType(mediaType: string): boolean {
  return mediaType === 'application/json' || mediaType.endsWith('+json');
}

function jsonFailure(failure: LateFailure): LateEnding {
  // A document that was begun cannot become another one; being incomplete is its message.
  if (failure.begun) return { text: '', cut: true };
  const head = lateHead(failure.status, failure.headers);
  if (failure.kind !== 'cut') return { text: head + failure.json, cut: false };
  return { text: head + withoutLastBrace(failure.json), cut: true };
}

/** `json` is an object; what is left of it is a prefix that no parser takes for a document. */
function withoutLastBrace(json: string): string {
  return json.slice(0, json.lastIndexOf('}'));
}
