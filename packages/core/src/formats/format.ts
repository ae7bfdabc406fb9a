/** A piece of body: bytes, or a string that leaves as UTF-8. */
export type Chunk = Uint8Array | string;

/**
 * Where a body stands after the bytes that have left.
 *
 * - `boundary`: between two units (events, records, documents): a whole beat fits.
 * - `inside`: in a unit, but at a spot where the format's smallest beat is harmless.
 * - `closed`: nothing may be put here.
 */
export type Place = 'boundary' | 'inside' | 'closed';

/** Follows one body and knows where it stands. Must not decode or copy: it runs on every chunk. */
export interface BoundaryTracker {
  /** Bytes of the payload that are leaving now. Beats are not reported. */
  push(chunk: Chunk): void;
  place(): Place;
}

/** What is known of an answer that failed after the commit, ready to be written in a format. */
export interface LateFailure {
  /** The true status, 300 to 599. */
  readonly status: number;
  /** The listed headers, lower-case names; for formats that have a place for them. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** JSON text of the error: an object unless `kind` is `value`. */
  readonly json: string;
  /**
   * - `cut`: the receiver must be able to see that the body is incomplete.
   * - `body`: the error is written whole and the body ends cleanly.
   * - `value`: `json` is what the user's `lateError` function gave; the body ends cleanly.
   */
  readonly kind: 'cut' | 'body' | 'value';
  /** Whether bytes of a payload have left. */
  readonly begun: boolean;
}

/** The last bytes of a failed body, and whether it ends cleanly or is cut. */
export interface LateEnding {
  readonly text: string;
  readonly cut: boolean;
}

/**
 * How a body type carries beats. The built-in formats implement it and so can you: give an object of
 * this shape as `format`.
 */
export interface BeatFormat {
  /** Announced in the `HoldOpen` header: lower-case letters, digits, `-`, `_`, `.`, `*`. */
  readonly name: string;
  /** Sent with a held head whose handler has set no type. */
  readonly contentType: string;
  /** Whether a body of this media type (lower case, without parameters) carries these beats. */
  matches(mediaType: string): boolean;
  /**
   * One for each body. `afterBeat`: beats have left before the body's first byte, so that a byte
   * order mark is no mark any more.
   */
  createTracker(afterBeat?: boolean): BoundaryTracker;
  /**
   * The beat for a place, or `undefined` if none is to be sent there. Give the same bytes each time:
   * this runs for every beat of every connection. `first` is true for the first beat of a body,
   * which proxies want small.
   */
  beat(place: 'boundary' | 'inside', first: boolean): Uint8Array | undefined;
  /**
   * How a failure after the commit ends the body. Without this, and wherever it gives `undefined`,
   * the body is cut.
   */
  lateFailure?(failure: LateFailure, place: Place): LateEnding | undefined;
}
