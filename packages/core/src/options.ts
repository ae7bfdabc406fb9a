import type { HoldInfo } from './diagnostics.js';
import type { BeatFormat } from './formats/format.js';
import type { SseFormat } from './formats/sse.js';
import type { LateErrorPolicy, LateOutcome } from './late/outcome.js';

/** Survives every idle time-out of common hops but httpx's 5 s. */
export const DEFAULT_INTERVAL_MS = 8_000;
export const DEFAULT_FRAME = ': keepalive\n\n';
export const DEFAULT_MAX_SILENCE_MS = 4 * 60 * 60 * 1_000;
export const DEFAULT_MAX_HOLDS = 100_000;
export const DEFAULT_TCP_KEEP_ALIVE_MS = 30_000;
/** Below this a typing error becomes a flood of white space. */
export const MIN_INTERVAL_MS = 50;
/** The longest a timer of JavaScript can wait. */
export const MAX_TIMER_MS = 2 ** 31 - 1;
/** More padding than any proxy was seen to hold back. */
export const MAX_PAD = 65_536;

export type FormatName = 'auto' | 'json' | 'sse' | 'ndjson' | 'json-seq';
export type FormatChoiceOption = FormatName | BeatFormat;

/** The options of `holdOpen`, the same in every adapter. `Request` is the framework's request. */
export interface HoldOpenOptions<Request = unknown> {
  /**
   * Silence after which a beat goes out, in milliseconds; any byte of the body starts it anew.
   * `false` switches holdopen off. At least 50.
   * @default 8000
   */
  intervalMs?: number | false | undefined;
  /**
   * How long the head is withheld, in milliseconds. Until then the handler's own status, headers and
   * bytes go out untouched. 0 is allowed. Counted from when the request's body is in.
   * @default intervalMs
   */
  firstBeatMs?: number | undefined;
  /**
   * How the body carries beats. `'auto'` goes by the handler's content type, then by `Accept`.
   * Say so here if a route answers with NDJSON, or if holdOpen is mounted globally and a route's
   * clients accept everything. A function that gives nothing leaves it to `'auto'`.
   * @default 'auto'
   */
  format?: FormatChoiceOption | ((request: Request) => FormatChoiceOption | undefined) | undefined;
  /**
   * The beat of an event stream: comments, or an event of a name your clients ignore. Ends with a
   * line feed.
   * @default ': keepalive\n\n'
   */
  frame?: string | undefined;
  /**
   * Extra bytes in every beat but the first, for proxies that hold small writes back.
   * @default 0
   */
  pad?: number | undefined;
  /**
   * What a failure after the commit becomes. `'cut'`: incomplete for everybody; `'body'`: the error
   * whole; a function: what it gives, as JSON.
   * @default 'cut'
   */
  lateError?: LateErrorPolicy<Request> | undefined;
  /**
   * Names of headers allowed into the late head beyond `location`, `content-location`,
   * `retry-after`, `link`, `www-authenticate` and `ratelimit-*`.
   * @default []
   */
  lateHeaders?: readonly string[] | undefined;
  /**
   * The longest silence of the handler that beats cover, in milliseconds. `touch()` is a sign of
   * life. Then the answer fails with 504 and the handler's signal fires. `false` for no limit.
   * @default 4 hours; none for a GET event stream that has begun
   */
  maxSilenceMs?: number | false | undefined;
  /**
   * Whether the handler's `AbortSignal` fires when the client leaves.
   * @default 'abort'
   */
  onDisconnect?: 'abort' | 'continue' | undefined;
  /**
   * How many responses may be under keep-alive in this process. Beyond it they pass untouched.
   * @default 100000
   */
  maxHolds?: number | undefined;
  /**
   * Idle time before TCP keep-alive probes start, in milliseconds, set on the socket at the commit
   * where the runtime has sockets. `false` leaves the socket alone.
   * @default 30000
   */
  tcpKeepAliveMs?: number | false | undefined;
  /** Called after each beat, in the request's own async context. */
  onBeat?: ((hold: HoldInfo, request: Request) => unknown) | undefined;
  /**
   * Called once for an answer whose status, headers or error became known after the commit, in the
   * request's own async context. Without it a thrown error is written to the console.
   */
  onLateOutcome?: ((outcome: LateOutcome, request: Request) => unknown) | undefined;
}

/** Validated options with their defaults, and the formats bound to them. */
export interface Settings<Request = unknown> {
  /** `false`: nothing is watched and nothing is sent. */
  readonly enabled: boolean;
  readonly intervalMs: number;
  readonly firstBeatMs: number;
  readonly format: FormatChoiceOption | ((request: Request) => FormatChoiceOption | undefined);
  readonly formats: Formats;
  readonly lateError: LateErrorPolicy<Request>;
  readonly lateHeaders: ReadonlySet<string>;
  readonly maxSilenceMs: number | false;
  /** `maxSilenceMs` was given, so that it counts for GET event streams too. */
  readonly maxSilenceGiven: boolean;
  readonly onDisconnect: 'abort' | 'continue';
  readonly maxHolds: number;
  readonly tcpKeepAliveMs: number | false;
  readonly onBeat: ((hold: HoldInfo, request: Request) => unknown) | undefined;
  readonly onLateOutcome: ((outcome: LateOutcome, request: Request) => unknown) | undefined;
}

export interface Formats {
  readonly json: BeatFormat;
  readonly sse: SseFormat;
  readonly ndjson: BeatFormat;
  readonly 'json-seq': BeatFormat;
  readonly all: readonly BeatFormat[];
}

/** Every option there is. */
export const OPTION_NAMES: ReadonlySet<string> = new Set<keyof HoldOpenOptions>([
  'intervalMs',
  'firstBeatMs',
  'format',
  'frame',
  'pad',
  'lateError',
  'lateHeaders',
  'maxSilenceMs',
  'onDisconnect',
  'maxHolds',
  'tcpKeepAliveMs',
  'onBeat',
  'onLateOutcome',
]);
