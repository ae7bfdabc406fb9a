import { lateHeadComment } from '../late/head.js';
import type {
  BeatFormat,
  BoundaryTracker,
  Chunk,
  LateEnding,
  LateFailure,
  Place,
} from './format.js';

export const SSE_MEDIA_TYPE = 'text/event-stream';

/**
 * How long an EventSource waits before it asks again after a failure: a day. Its own three seconds
 * would run the failed work over and over.
 */
const FAILED_STREAM_RETRY_MS = 86_400_000;

/** Where the stream stands. `afterCr` states: a LF may still follow and belong to that CR. */
const BOUNDARY = 0;
const LINE_START = 1;
const IN_LINE = 2;
const BOUNDARY_AFTER_CR = 3;
const LINE_START_AFTER_CR = 4;
/** Nothing but one or two bytes of a byte order mark has left. */
const IN_BOM = 5;
type SseState = 0 | 1 | 2 | 3 | 4 | 5;

const LF = 0x0a;
const CR = 0x0d;
const BOM_BYTES = [0xef, 0xbb, 0xbf];
const BOM_CHARACTER = 0xfeff;

/**
 * Knows by the tail of each chunk where an event stream stands: at most four bytes are read, whatever
 * the size of the chunk. Line ends are LF, CR and CRLF, also mixed, also split between chunks
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream).
 */
export class SseTracker implements BoundaryTracker {
  #state: SseState = BOUNDARY;
  /** How many bytes of a byte order mark have opened the stream; 3 once it cannot come any more. */
  #bomBytes: number;

  /** After a beat a mark is no mark any more, but the first character of a line. */
  constructor(afterBeat = false) {
    this.#bomBytes = afterBeat ? 3 : 0;
  }

  push(chunk: Chunk): void {
    const { length } = chunk;
    if (length === 0) return;
    if (this.#bomBytes < 3 && this.#isOpening(chunk)) return;
    if (typeof chunk === 'string') this.#tailOfText(chunk, length);
    else this.#tailOfBytes(chunk, length);
  }

  place(): Place {
    if (this.#state === BOUNDARY) return 'boundary';
    return this.#state === LINE_START ? 'inside' : 'closed';
  }

  #tailOfText(text: string, length: number): void {
    const last = text.charCodeAt(length - 1);
    if (last !== LF && last !== CR) {
      this.#state = IN_LINE;
      return;
    }
    this.#lineEnd(
      last,
      length > 1 ? text.charCodeAt(length - 2) : -1,
      length > 2 ? text.charCodeAt(length - 3) : -1,
    );
  }

  #tailOfBytes(bytes: Uint8Array, length: number): void {
    const last = bytes[length - 1] as number;
    if (last !== LF && last !== CR) {
      this.#state = IN_LINE;
      return;
    }
    this.#lineEnd(
      last,
      length > 1 ? (bytes[length - 2] as number) : -1,
      length > 2 ? (bytes[length - 3] as number) : -1,
    );
  }

  /** The chunk ends with CR or LF; `-1` stands for "before this chunk". */
  #lineEnd(last: number, second: number, third: number): void {
    if (last === CR) {
      this.#state = this.#isLineEnd(second) ? BOUNDARY_AFTER_CR : LINE_START_AFTER_CR;
    } else if (second === CR) {
      this.#state = this.#isLineEnd(third) ? BOUNDARY : LINE_START;
    } else if (second === -1 && this.#state === BOUNDARY_AFTER_CR) {
      this.#state = BOUNDARY;
    } else if (second === -1 && this.#state === LINE_START_AFTER_CR) {
      this.#state = LINE_START;
    } else {
      this.#state = this.#isLineEnd(second) ? BOUNDARY : LINE_START;
    }
  }

  #isLineEnd(byte: number): boolean {
    if (byte === -1) return this.#state !== IN_LINE && this.#state !== IN_BOM;
    return byte === LF || byte === CR;
  }

  /** The stream's first bytes: true while all of them belong to a byte order mark. */
  #isOpening(chunk: Chunk): boolean {
    const seen = this.#bomBytes;
    this.#bomBytes = 3;
    if (typeof chunk === 'string') {
      return seen === 0 && chunk.length === 1 && chunk.charCodeAt(0) === BOM_CHARACTER;
    }
    const left = 3 - seen;
    if (chunk.length > left) return false;
    for (let i = 0; i < chunk.length; i++) if (chunk[i] !== BOM_BYTES[seen + i]) return false;
    this.#bomBytes = seen + chunk.length;
    this.#state = this.#bomBytes === 3 ? BOUNDARY : IN_BOM;
    return true;
  }
}

export interface SseFormat extends BeatFormat {
  /** The first beat of a stream that its handler began: it says the interval, which no header did. */
  announcement(intervalMs: number): Uint8Array;
}

/** Event streams. At a boundary the whole frame, at a line start inside an event an empty comment. */
export function createSseFormat(
  frame: string,
  pad: number,
  encode: (text: string) => Uint8Array,
): SseFormat {
  const padding = pad > 0 ? `:${' '.repeat(pad)}\n` : '';
  const whole = encode(frame);
  const padded = encode(padding + frame);
  const bare = encode(':\n');
  const announcements = new Map<number, Uint8Array>();
  return {
    name: 'sse',
    contentType: SSE_MEDIA_TYPE,
    matches: (mediaType) => mediaType === SSE_MEDIA_TYPE,
    createTracker: (afterBeat) => new SseTracker(afterBeat),
    beat(place, first) {
      if (place === 'inside') return bare;
      return first ? whole : padded;
    },
    announcement(intervalMs) {
      let bytes = announcements.get(intervalMs);
      if (bytes === undefined) {
        bytes = encode(`: holdopen interval=${Math.round(intervalMs)}\n\n`);
        announcements.set(intervalMs, bytes);
      }
      return bytes;
    },
    lateFailure: sseFailure,
  };
}

function sseFailure(failure: LateFailure, place: Place): LateEnding | undefined {
  // Inside an event there is no saying where the error would end up: only a cut is honest.
  if (place !== 'boundary') return undefined;
  const head = lateHeadComment(failure.status, failure.headers);
  if (failure.kind === 'value') return { text: head + sseMessage(failure.json), cut: false };
  return {
    text: `${head}event: error\nretry: ${FAILED_STREAM_RETRY_MS}\n${sseData(failure.json)}\n`,
    cut: false,
  };
}

/** One `message` event. */
function sseMessage(text: string): string {
  return `${sseData(text)}\n`;
}

function sseData(text: string): string {
  return `data: ${text.replace(/\r\n|\r|\n/g, '\ndata: ')}\n`;
}
