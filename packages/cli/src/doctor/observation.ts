import type { LateHead } from '@holdopen/core';
import type { LineFacts } from './exchange/dial.js';
import type { Ending } from './exchange/ending.js';
import type { HeaderLine } from './exchange/plan.js';
import type { BodyState, FormatName } from './reading/reader.js';

/** What was seen of one exchange. All times count from the moment when the request was begun. */
export interface Observation {
  readonly method: string;
  readonly url: string;
  /** `undefined` if no connection was made. */
  readonly line: LineFacts | undefined;
  readonly ending: Ending;
  readonly endMs: number;
  /** The longest time for which this process did not get to look: so far off the times may be. */
  readonly stalledMs: number;
  /** All of the request has left. */
  readonly sentMs: number | undefined;
  readonly firstByteMs: number | undefined;
  /** What came first, for an answer that is no HTTP. */
  readonly opening: string;
  /** The first hundred. */
  readonly interim: readonly { readonly status: number; readonly atMs: number }[];
  readonly interimCount: number;
  readonly head: Head | undefined;
  readonly body: Body;
  readonly preflight: Preflight | undefined;
}

export interface Head {
  readonly atMs: number;
  readonly status: number;
  readonly reason: string;
  readonly httpVersion: string;
  readonly headers: readonly HeaderLine[];
}

export interface Body {
  readonly format: FormatName;
  readonly state: BodyState;
  /** As it came. */
  readonly wireBytes: number;
  /** Without its content coding. */
  readonly bytes: number;
  readonly records: number;
  readonly lateHead: LateHead | undefined;
  /** When the late head could be read. */
  readonly lateHeadMs: number | undefined;
  readonly announcedMs: number | undefined;
  readonly toldFailure: boolean;
  readonly undecodable: string | undefined;
  /** The first characters, for a page of an error. */
  readonly opening: string;
  readonly arrivals: readonly Arrival[];
}

/** Something that came at once: beats, or bytes of the payload. */
export interface Arrival {
  readonly kind: 'beat' | 'data';
  readonly startMs: number;
  readonly endMs: number;
  /** Beats, or pieces of data. */
  readonly count: number;
  readonly bytes: number;
  /** Whether a beat could have followed. */
  readonly takesBeat: boolean;
}

/** The answer to what a browser asks before a page of another origin may ask. */
export interface Preflight {
  readonly status: number | undefined;
  readonly headers: readonly HeaderLine[];
  /** What was asked for. */
  readonly requestHeaders: readonly string[];
  /** Those of them that the request itself has; the others only come back to its run. */
  readonly ownHeaders: readonly string[];
  readonly failure: string | undefined;
  /** Whether this request needs leave, or only what comes back to its run. */
  readonly isNeeded: boolean;
  /** Whether the doctor stopped before it was answered, so that the request was never sent. */
  readonly isStopped: boolean;
}
