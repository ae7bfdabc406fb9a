import type { HeaderPair, LateHead } from '@holdopen/core';
import { parseMembers } from './members.js';
import { addPiece, type BodyReader, type BodyState, type Piece } from './reader.js';

const LF = 0x0a;
const CR = 0x0d;
/** Of a line nobody reads more: a late head has 256 bytes, which escapes can double. */
const MAX_LINE_BYTES = 1_024;
/** No beat is longer that a server chose for itself: it says nothing. */
const MAX_FRAME_BYTES = 256;
/** Events that other servers send for nothing but to be heard. */
const BEAT_EVENTS = /^(?:ping|heartbeat|keep-?alive|server\.heartbeat)$/i;
/** Members of holdopen's own comments that are no headers. */
const OWN_MEMBERS = new Set(['interval', 'status']);

/**
 * Event streams. Not eventsource-parser: it gives no place to comments inside of an event, does not say
 * whether the stream stands in one, and must keep an event until it is whole.
 */
export class EventReader implements BodyReader {
  readonly format = 'sse';
  announcedMs: number | undefined;
  lateHead: LateHead | undefined;
  toldFailure = false;
  records = 0;
  readonly #line = Buffer.alloc(MAX_LINE_BYTES);
  /** Of the line so far, also what was not kept. */
  #lineBytes = 0;
  #isAfterCr = false;
  #isEmpty = true;
  #event: { name: string; hasData: boolean; text: string } | undefined;
  /** What a held stream began with, if that may be the server's own frame. */
  #frame: string | undefined;
  #isFirst: boolean;
  readonly #isHeld: boolean;
  /** Whether the line before was a beat, of what is being read and outside of an event. */
  #isBehindBeat = false;
  /** Of the event so far, as far as they came with what is being read. */
  #eventBytes = 0;

  /** `isHeld`: by its head, so that it begins with a beat. */
  constructor(isHeld = false) {
    this.#isFirst = isHeld;
    this.#isHeld = isHeld;
  }

  get takesBeat(): boolean {
    return this.#lineBytes === 0;
  }

  get state(): BodyState {
    if (this.#isEmpty) return 'blank';
    return this.#event === undefined && this.#lineBytes === 0 ? 'whole' : 'incomplete';
  }

  read(bytes: Uint8Array): Piece[] {
    const pieces: Piece[] = [];
    this.#isBehindBeat = false;
    for (const byte of bytes) {
      if (byte === LF && this.#isAfterCr) {
        this.#isAfterCr = false;
        continue;
      }
      this.#isAfterCr = byte === CR;
      if (byte === LF || byte === CR) this.#endLine(pieces);
      else {
        if (this.#lineBytes < MAX_LINE_BYTES) this.#line[this.#lineBytes] = byte;
        this.#lineBytes += 1;
      }
    }
    const isComment = this.#lineBytes > 0 && this.#line[0] === 0x3a;
    const rest = this.#eventBytes + (isComment ? 0 : this.#lineBytes);
    if (rest > 0) addPiece(pieces, { kind: 'data', count: 1, bytes: rest });
    this.#eventBytes = 0;
    return pieces;
  }

  #endLine(pieces: Piece[]): void {
    const bytes = this.#lineBytes + 1;
    const line = this.#line.toString('utf8', 0, Math.min(this.#lineBytes, MAX_LINE_BYTES));
    this.#lineBytes = 0;
    // Others write several comments as one beat. One that is gathered has its empty line behind it.
    const isMore = this.#isBehindBeat && !this.#isHeld;
    this.#isBehindBeat = false;
    if (line === '') this.#endEvent(pieces);
    else if (line.startsWith(':')) {
      this.#isFirst = false;
      // Nothing but spaces is padding, for hops that keep small writes back.
      const isPadding = /^: +$/.test(line);
      if (this.#comment(line.slice(1)) && !isPadding) {
        addPiece(pieces, { kind: 'beat', count: isMore ? 0 : 1, bytes });
        this.#isBehindBeat = this.#event === undefined;
      }
    } else {
      this.#isEmpty = false;
      this.#eventBytes += bytes;
      this.#event ??= { name: '', hasData: false, text: '' };
      if (this.#event.text.length <= MAX_FRAME_BYTES) this.#event.text += `${line}\n`;
      const [, field, value = ''] = /^\uFEFF?([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
      if (field === 'event') this.#event.name = value;
      if (field === 'data') this.#event.hasData ||= value !== '';
    }
  }

  #endEvent(pieces: Piece[]): void {
    if (this.#event === undefined) return;
    const { name, hasData, text } = this.#event;
    const bytes = this.#eventBytes + 1;
    if (this.#isFirst && name !== '' && text.length <= MAX_FRAME_BYTES) this.#frame = text;
    this.#isFirst = false;
    this.#event = undefined;
    this.#eventBytes = 0;
    if (BEAT_EVENTS.test(name) || text === this.#frame) {
      addPiece(pieces, { kind: 'beat', count: 1, bytes });
      return;
    }
    if (hasData) this.records += 1;
    this.toldFailure ||= name === 'error';
    addPiece(pieces, { kind: 'data', count: 1, bytes });
  }

  /** Whether it is a beat: of holdopen's own comments the late head is none. */
  #comment(text: string): boolean {
    const dictionary = /^ ?holdopen (.*)/.exec(text)?.[1];
    if (dictionary === undefined) return true;
    const members = parseMembers(dictionary);
    const interval = members.get('interval');
    if (typeof interval === 'number' && interval > 0) this.announcedMs ??= interval;
    const status = members.get('status');
    const headers: HeaderPair[] = [];
    for (const [name, value] of members) {
      if (typeof value === 'string' && !OWN_MEMBERS.has(name)) headers.push([name, value]);
    }
    if (typeof status !== 'number' && headers.length === 0) return true;
    this.lateHead ??= { status: typeof status === 'number' ? status : 200, headers };
    return false;
  }
}
