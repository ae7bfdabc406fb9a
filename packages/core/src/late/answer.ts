import type { BoundaryTracker, Chunk, Place } from '../formats/format.js';
import { isJsonSpace, JsonScanner } from '../formats/json.js';
import { LeadingBytes } from './leading.js';
import { LineEndReplacer } from './line-ends.js';

/**
 * The payload of a held response on its way out: what the handler writes goes in, what may leave
 * comes out.
 */
export interface Answer {
  /** Bytes of the payload have left. */
  readonly begun: boolean;
  /** What may leave now, in order; empty while everything is kept. */
  push(chunk: Chunk): Chunk[];
  /** What is left at the end. Called once. */
  end(chunk: Chunk | undefined): Chunk[];
  /** Where the bytes that have left stand. */
  place(): Place;
}

const QUOTE = 0x22;
const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;

/** No number or word is longer, but for a hostile one. */
const MAX_SCALAR_LENGTH = 65_536;

/** Whether a JSON value can begin so: a bracket, a quote, a digit, a minus, `true`, `false`, `null`. */
export function startsJson(code: number): boolean {
  return (
    code === OPEN_BRACE ||
    code === OPEN_BRACKET ||
    code === QUOTE ||
    code === 0x2d ||
    (code >= 0x30 && code <= 0x39) ||
    code === 0x74 ||
    code === 0x66 ||
    code === 0x6e
  );
}

/**
 * A JSON document under a JSON head. The character that completes it stays back until `end`, so that
 * whatever fails before then leaves a prefix that does not parse. A bare number is complete at each
 * of its digits, so of those everything stays back.
 */
export class JsonAnswer implements Answer {
  begun = false;
  readonly #lateHead: string;
  readonly #ifEmpty: string;
  readonly #isHeld: boolean;
  readonly #leading = new LeadingBytes(true);
  readonly #scanner = new JsonScanner();
  #kept: Chunk[] = [];
  #shape: 'unknown' | 'nested' | 'string' | 'scalar' = 'unknown';
  #scalarLength = 0;
  /** More came behind the complete value: this is no JSON, and nothing is kept of it. */
  #garbled = false;

  /**
   * `ifEmpty`: success without a body is `null`, for an empty body is no JSON. `isHeld`: another
   * holdopen has held it, so that a late head may stand before it.
   */
  constructor(lateHead: string, ifEmpty = 'null', isHeld = false) {
    this.#lateHead = lateHead;
    this.#ifEmpty = ifEmpty;
    this.#isHeld = isHeld;
  }

  push(chunk: Chunk): Chunk[] {
    const payload = this.#leading.strip(chunk);
    if (payload.length === 0) return [];
    if (this.#shape === 'unknown') this.#shape = shapeOf(codeAt(payload, 0));
    if (this.#shape === 'scalar' && !this.#garbled) return this.#keepScalar(payload);
    return this.#garbled ? [payload] : this.#release(payload);
  }

  end(chunk: Chunk | undefined): Chunk[] {
    const chunks: Chunk[] = [];
    if (!this.begun && this.#kept.length === 0) {
      // The whole document at once: nothing to keep back, so nothing to read.
      const payload = chunk === undefined ? '' : this.#leading.strip(chunk);
      const rest = this.#leading.rest();
      chunks.push(...(rest.length > 0 ? [rest] : []), ...(payload.length > 0 ? [payload] : []));
      if (chunks.length === 0 && this.#ifEmpty !== '') chunks.push(this.#ifEmpty);
      return this.#withHead(chunks);
    }
    if (chunk !== undefined) chunks.push(...this.push(chunk));
    const kept = this.#kept;
    this.#kept = [];
    return this.#withHead([...chunks, ...kept]);
  }

  place(): Place {
    if (!this.begun) return 'boundary';
    if (this.#garbled) return 'closed';
    if (this.#kept.length > 0) return this.#shape === 'nested' ? 'inside' : 'closed';
    return this.#scanner.place();
  }

  /** Text that is no number and no word parses in no prefix, and need not be kept. */
  #keepScalar(payload: Chunk): Chunk[] {
    this.#scalarLength += payload.length;
    this.#kept.push(ownCopy(payload));
    if (this.#scalarLength <= MAX_SCALAR_LENGTH && isScalarText(payload)) return [];
    this.#garbled = true;
    const kept = this.#kept;
    this.#kept = [];
    return this.#withHead(kept);
  }

  #release(payload: Chunk): Chunk[] {
    if (this.#scanner.complete) {
      if (isAllSpace(payload)) {
        this.#kept.push(ownCopy(payload));
        return [];
      }
      this.#garbled = true;
      const kept = this.#kept;
      this.#kept = [];
      return this.#withHead([...kept, payload]);
    }
    const stop = this.#scanner.scan(payload);
    if (!this.#scanner.complete) return this.#withHead([payload]);
    const last = stop - 1;
    this.#kept.push(ownCopy(sliceOf(payload, last, stop)));
    const before = last > 0 ? this.#withHead([sliceOf(payload, 0, last)]) : [];
    if (stop === payload.length) return before;
    return [...before, ...this.#release(sliceOf(payload, stop, payload.length))];
  }

  /** The late head stands right before the first byte of the payload. */
  #withHead(chunks: Chunk[]): Chunk[] {
    if (this.begun || chunks.length === 0) return chunks;
    this.begun = true;
    const theirs = this.#isHeld ? this.#leading.lateHead() : '';
    const head = this.#lateHead === '' ? theirs : this.#lateHead;
    return head === '' ? chunks : [head, ...chunks];
  }
}

/** An event stream, records, or a format of the user's: they pass, and the tracker follows. */
export class StreamAnswer implements Answer {
  begun = false;
  readonly #before: string;
  readonly #leading = new LeadingBytes(false);
  readonly #tracker: BoundaryTracker;

  constructor(before: string, tracker: BoundaryTracker) {
    this.#before = before;
    this.#tracker = tracker;
  }

  push(chunk: Chunk): Chunk[] {
    return this.#pass(this.#leading.strip(chunk));
  }

  end(chunk: Chunk | undefined): Chunk[] {
    const chunks = chunk === undefined ? [] : this.push(chunk);
    chunks.push(...this.#pass(this.#leading.rest()));
    if (this.begun || this.#before === '') return chunks;
    return [this.#before];
  }

  place(): Place {
    return this.#tracker.place();
  }

  #pass(payload: Chunk): Chunk[] {
    if (payload.length === 0) return [];
    this.#tracker.push(payload);
    if (this.begun || this.#before === '') {
      this.begun = true;
      return [payload];
    }
    this.begun = true;
    return [this.#before, payload];
  }
}

/**
 * A JSON document as one unit of a stream: an event's data, or one record. What completes it stays
 * back here too, for most readers take a last record without its line feed.
 */
export class WrappedJsonAnswer implements Answer {
  begun = false;
  readonly #before: string;
  readonly #start: string;
  readonly #end: string;
  readonly #json = new JsonAnswer('', '');
  readonly #lines: LineEndReplacer;

  /** `before` goes out in any case, `start` and `end` only around a body that is not empty. */
  constructor(before: string, start: string, lineEnd: string, end: string) {
    this.#before = before;
    this.#start = start;
    this.#end = end;
    this.#lines = new LineEndReplacer(lineEnd);
  }

  push(chunk: Chunk): Chunk[] {
    return this.#wrap(this.#json.push(chunk));
  }

  end(chunk: Chunk | undefined): Chunk[] {
    const chunks = this.#wrap(this.#json.end(chunk));
    if (this.begun) return [...chunks, this.#end];
    return this.#before === '' ? [] : [this.#before];
  }

  place(): Place {
    return this.begun ? 'closed' : 'boundary';
  }

  #wrap(payload: Chunk[]): Chunk[] {
    const chunks = payload
      .map((chunk) => this.#lines.replace(chunk))
      .filter((chunk) => chunk.length > 0);
    if (chunks.length === 0 || this.begun) return chunks;
    this.begun = true;
    return [this.#before + this.#start, ...chunks];
  }
}

/** How much of an error's body is kept to be put into the error object. */
const MAX_ERROR_BODY_BYTES = 1_048_576;

/** The body of a failure: kept whole, for it leaves in another shape. */
export class KeptAnswer implements Answer {
  readonly begun = false;
  #chunks: Chunk[] = [];
  #size = 0;
  /** More came than is kept. */
  overflowed = false;

  push(chunk: Chunk): Chunk[] {
    this.#size += chunk.length;
    if (this.#size > MAX_ERROR_BODY_BYTES) {
      this.overflowed = true;
      this.#chunks = [];
    } else if (chunk.length > 0) {
      this.#chunks.push(ownCopy(chunk));
    }
    return [];
  }

  end(chunk: Chunk | undefined): Chunk[] {
    if (chunk !== undefined) this.push(chunk);
    return [];
  }

  place(): Place {
    return 'boundary';
  }

  /** Nothing was written. */
  get empty(): boolean {
    return this.#size === 0;
  }

  text(): string {
    const decoder = new TextDecoder();
    let text = '';
    for (const chunk of this.#chunks) {
      text += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    }
    return (text + decoder.decode()).replace(/^\ufeff/, '');
  }
}

/** The first character of a payload that is neither white space nor a mark; -1 if there is none. */
export function firstCode(chunk: Chunk): number {
  for (let i = 0; i < chunk.length; i++) {
    const code = codeAt(chunk, i);
    if (!isJsonSpace(code) && !isMark(chunk, code)) return code;
  }
  return -1;
}

/** Each byte of a mark by itself, since it may be split between chunks; no JSON begins with one. */
function isMark(chunk: Chunk, code: number): boolean {
  if (typeof chunk === 'string') return code === 0xfeff;
  return code === 0xef || code === 0xbb || code === 0xbf;
}

function shapeOf(code: number): 'nested' | 'string' | 'scalar' {
  if (code === OPEN_BRACE || code === OPEN_BRACKET) return 'nested';
  return code === QUOTE ? 'string' : 'scalar';
}

function codeAt(chunk: Chunk, index: number): number {
  return typeof chunk === 'string' ? chunk.charCodeAt(index) : (chunk[index] as number);
}

function sliceOf(chunk: Chunk, start: number, end: number): Chunk {
  return typeof chunk === 'string' ? chunk.slice(start, end) : chunk.subarray(start, end);
}

/** What is kept must not change when the handler uses its buffer again. */
function ownCopy(chunk: Chunk): Chunk {
  return typeof chunk === 'string' ? chunk : Uint8Array.from(chunk);
}

/** Only what numbers, `true`, `false`, `null` and the white space around them are made of. */
function isScalarText(chunk: Chunk): boolean {
  for (let i = 0; i < chunk.length; i++) {
    const code = codeAt(chunk, i);
    const isDigit = code >= 0x30 && code <= 0x39;
    const isLetter = (code >= 0x61 && code <= 0x7a) || code === 0x45;
    const isSign = code === 0x2b || code === 0x2d || code === 0x2e;
    if (!isDigit && !isLetter && !isSign && !isJsonSpace(code)) return false;
  }
  return true;
}

function isAllSpace(chunk: Chunk): boolean {
  for (let i = 0; i < chunk.length; i++) if (!isJsonSpace(codeAt(chunk, i))) return false;
  return true;
}
