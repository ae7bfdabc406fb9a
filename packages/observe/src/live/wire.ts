// What the page is told, in JSON. Times without a date are milliseconds of the server's monotonic clock,
// so that ages can be shown without trusting anybody's wall clock.

/** Changes when a page that is open in somebody's browser could not read it any more. */
export const LIVE_PROTOCOL = 1;

/** The events of the stream. */
export type LiveEventName =
  /** All there is: the first event, and for whoever was too slow for the changes. */
  | 'whole'
  /** What is different since the last one. */
  | 'change'
  /** The login has ended; the stream ends behind it. */
  | 'refused';

export interface HoldRow {
  readonly id: string;
  readonly route: string;
  readonly startedMs: number;
  /** The handler's last sign of life. */
  readonly lifeMs: number;
  /** The last byte that was sent, be it a beat. */
  readonly sentMs: number;
  readonly state: string;
  readonly format: string;
  readonly beats: number;
  readonly beatsDropped: number;
  readonly payloadSize: number;
  /** The silence after which a beat goes out. */
  readonly intervalMs: number;
  /** What may be shown of the client; `''` if nothing is known of it. */
  readonly client: string;
}

export interface RunRow {
  readonly id: string;
  readonly route: string;
  readonly state: string;
  readonly startedMs: number;
  /** When it came to its end. */
  readonly endedMs?: number;
  readonly attempt: number;
  readonly watchers?: number;
  readonly status?: number;
  readonly code?: string;
}

export interface IncidentRow {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** A word of {@link IncidentKind}, or one of a later version. */
  readonly kind: string;
  readonly route: string;
  readonly status?: number;
  readonly code?: string;
  readonly heldMs?: number;
  readonly silentMs?: number;
  readonly beats?: number;
  /** The hold or run that it was. */
  readonly subject: string;
}

export type IncidentKind =
  | 'failed'
  | 'client-left'
  | 'silent'
  | 'drained'
  | 'run-failed'
  | 'run-lost'
  | 'run-released'
  | 'run-cancelled';

export interface Rows<Row> {
  /** New, or changed. */
  readonly set: readonly Row[];
  readonly gone: readonly string[];
  /** How many there are that are not shown. */
  readonly more: number;
}

export interface LiveTotals {
  readonly phase: 'open' | 'draining' | 'drained';
  readonly holds: number;
  readonly streaming: number;
  readonly beats: number;
  readonly beatsDropped: number;
  readonly lateErrors: number;
  readonly disconnects: number;
  readonly silences: number;
  readonly untouched: number;
  /** By state, those of this process since the page was mounted. */
  readonly runs: Readonly<Record<string, number>>;
  readonly incidents: number;
  readonly watchers: number;
}

/** One value for each update; `null` while nobody looked. */
export interface History {
  /** How many there were. */
  readonly holds: readonly (number | null)[];
  /** A second. */
  readonly beats: readonly (number | null)[];
  readonly bytes: readonly (number | null)[];
}

export interface LiveUpdate {
  readonly sequence: number;
  readonly nowMs: number;
  readonly totals: LiveTotals;
  readonly holds: Rows<HoldRow>;
  readonly runs: Rows<RunRow>;
  readonly incidents: Rows<IncidentRow>;
  /** With `whole` all that is kept, with `change` what came since. */
  readonly history: History;
  /** With `whole` only. */
  readonly about?: LiveAbout;
}

export interface LiveAbout {
  readonly protocol: number;
  readonly name: string;
  readonly instance: string;
  /** Random; another one after a restart. */
  readonly mount: string;
  /** When the process began, in milliseconds of the monotonic clock; below 0 or 0. */
  readonly bootMs: number;
  readonly updateMs: number;
  readonly hasRuns: boolean;
  readonly showsClient: boolean;
}
