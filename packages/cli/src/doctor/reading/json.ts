import { JsonScanner, type LateHead, parseLateHead } from '@holdopen/core';
import { EventReader } from './events.js';
import type { BodyReader, BodyState, FormatName, Piece } from './reader.js';

const LF = 0x0a;
/** No late head is longer: 8 characters for each of 256 bytes, and its ends. */
const MAX_LATE_HEAD_LENGTH = 2_050;
/** What no JSON value can begin with is the first character of an event stream (`docs/wire.md`). */
const STARTS_JSON = /[{["\-0-9tfn]/;

/** White space before a document is beats; so are line feeds between its tokens that come alone. */
export class JsonReader implements BodyReader {
  readonly #isHeld: boolean;
  readonly #scanner = new JsonScanner();
  #space = '';
  #hasBegun = false;
  #lateHead: LateHead | undefined;
  /** An event stream behind a JSON head. */
  #events: EventReader | undefined;

  constructor(isHeld: boolean) {
    this.#isHeld = isHeld;
  }

  get format(): FormatName {
    return this.#events?.format ?? 'json';
  }

  get takesBeat(): boolean {
    return this.#events?.takesBeat ?? this.#scanner.place() !== 'closed';
  }

  get state(): BodyState {
    if (this.#events !== undefined) return this.#events.state;
    if (!this.#hasBegun) return 'blank';
    return this.#scanner.complete || this.#scanner.bareScalar ? 'whole' : 'incomplete';
  }

  get lateHead(): LateHead | undefined {
    return this.#lateHead ?? this.#events?.lateHead;
  }

  get announcedMs(): number | undefined {
    return this.#events?.announcedMs;
  }

  get toldFailure(): boolean {
    return this.#events?.toldFailure ?? false;
  }

  get records(): number {
    return this.#events?.records ?? 0;
  }

  read(bytes: Uint8Array): Piece[] {
    if (this.#events !== undefined) return this.#events.read(bytes);
    const from = spaceLength(bytes);
    const pieces: Piece[] = [];
    // Of others only what comes alone is a beat: a template leaves empty lines before what it writes.
    const hasBeats = from > 0 && (this.#isHeld || from === bytes.length);
    if (!this.#hasBegun && hasBeats) pieces.push(this.#leading(bytes.subarray(0, from)));
    if (from === bytes.length) {
      if (this.#hasBegun) pieces.push(this.#between(bytes));
      return pieces;
    }
    const payload = this.#hasBegun ? bytes : bytes.subarray(from);
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      if (this.#isHeld) this.#lateHead = parseLateHead(this.#space);
      if (this.#isHeld && !STARTS_JSON.test(String.fromCharCode(payload[0] ?? 0))) {
        this.#events = new EventReader();
        return [...pieces, ...this.#events.read(payload)];
      }
    }
    if (!this.#scanner.complete) this.#scanner.scan(payload);
    return [...pieces, { kind: 'data', count: 1, bytes: payload.length }];
  }

  #leading(bytes: Uint8Array): Piece {
    const kept = Buffer.from(bytes.subarray(-MAX_LATE_HEAD_LENGTH)).toString('latin1');
    this.#space = (this.#space + kept).slice(-MAX_LATE_HEAD_LENGTH);
    const count = lineFeeds(bytes);
    if (count > 0) return { kind: 'beat', count, bytes: bytes.length };
    // A late head has no line feed. Where none is to be looked for, others beat with spaces.
    return this.#isHeld
      ? { kind: 'data', count: 1, bytes: bytes.length }
      : { kind: 'beat', count: 1, bytes: bytes.length };
  }

  #between(bytes: Uint8Array): Piece {
    // A stream that its handler began says nowhere that it is held.
    const count = this.takesBeat ? lineFeeds(bytes) : 0;
    if (!this.#scanner.complete) this.#scanner.scan(bytes);
    return { kind: count > 0 ? 'beat' : 'data', count: count || 1, bytes: bytes.length };
  }
}

function spaceLength(bytes: Uint8Array): number {
  let at = 0;
  while (at < bytes.length && isSpace(bytes[at] as number)) at += 1;
  return at;
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === LF || byte === 0x0d || byte === 0x09;
}

function lineFeeds(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(LF); at !== -1; at = bytes.indexOf(LF, at + 1)) count += 1;
  return count;
}
