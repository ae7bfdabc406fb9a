import type { HoldInfo } from './diagnostics.js';
import { HoldOpenError } from './errors.js';
import type { BeatFormat } from './formats/format.js';
import { createJsonFormat } from './formats/json.js';
import { createJsonSeqFormat } from './formats/json-seq.js';
import { createNdjsonFormat } from './formats/ndjson.js';
import { createSseFormat, type SseFormat } from './formats/sse.js';
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
   * clients accept everything.
   * @default 'auto'
   */
  format?: FormatChoiceOption | ((request: Request) => FormatChoiceOption) | undefined;
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
  readonly format: FormatChoiceOption | ((request: Request) => FormatChoiceOption);
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

const OPTION_NAMES: ReadonlySet<string> = new Set<keyof HoldOpenOptions>([
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

const FORMAT_NAMES: readonly FormatName[] = ['auto', 'json', 'sse', 'ndjson', 'json-seq'];

export interface ResolveContext {
  /** Turns text into bytes; `Buffer.from` on Node, so that a write needs no conversion. */
  readonly encode?: ((text: string) => Uint8Array) | undefined;
  /** The value of the environment variable `HOLDOPEN`. */
  readonly environment?: string | undefined;
  /** Options that only this adapter knows; it checks their values itself. */
  readonly alsoKnown?: readonly string[] | undefined;
}

/**
 * Checks options and fills in the defaults.
 * @throws HoldOpenError with what was wrong, what was given and what to do.
 */
export function resolveOptions<Request>(
  options: HoldOpenOptions<Request> = {},
  context: ResolveContext = {},
): Settings<Request> {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new HoldOpenError(
      'HOLDOPEN_INVALID_OPTION',
      `The options of holdOpen must be an object, such as { intervalMs: 8000 }, not ${show(options)}.`,
      { given: options },
    );
  }
  refuseUnknown(options, context.alsoKnown ?? []);

  const intervalMs = timeOption(options, 'intervalMs', DEFAULT_INTERVAL_MS, MIN_INTERVAL_MS, true);
  const firstBeatMs = timeOption(
    options,
    'firstBeatMs',
    intervalMs === false ? DEFAULT_INTERVAL_MS : intervalMs,
    0,
    false,
  );
  const maxSilenceMs = timeOption(
    options,
    'maxSilenceMs',
    Math.max(DEFAULT_MAX_SILENCE_MS, firstBeatMs),
    MIN_INTERVAL_MS,
    true,
  );
  const tcpKeepAliveMs = timeOption(
    options,
    'tcpKeepAliveMs',
    DEFAULT_TCP_KEEP_ALIVE_MS,
    1_000,
    true,
  );
  if (maxSilenceMs !== false && maxSilenceMs < firstBeatMs) {
    throw new HoldOpenError(
      'HOLDOPEN_CONFLICTING_OPTIONS',
      `maxSilenceMs (${maxSilenceMs}) is shorter than firstBeatMs (${firstBeatMs}), so that no answer could ever be held. Raise maxSilenceMs or lower firstBeatMs.`,
      { option: 'maxSilenceMs', given: maxSilenceMs },
    );
  }

  const encode = context.encode ?? ((text: string) => new TextEncoder().encode(text));
  const pad = numberOption(options, 'pad', 0, 0, MAX_PAD);
  return {
    enabled: intervalMs !== false && context.environment?.trim().toLowerCase() !== 'off',
    intervalMs: intervalMs === false ? DEFAULT_INTERVAL_MS : intervalMs,
    firstBeatMs,
    format: formatOption(options.format),
    formats: createFormats(frameOption(options.frame), pad, encode),
    lateError: lateErrorOption(options.lateError),
    lateHeaders: lateHeadersOption(options.lateHeaders),
    maxSilenceMs,
    maxSilenceGiven: options.maxSilenceMs !== undefined,
    onDisconnect: onDisconnectOption(options.onDisconnect),
    maxHolds: numberOption(options, 'maxHolds', DEFAULT_MAX_HOLDS, 0, Number.MAX_SAFE_INTEGER),
    tcpKeepAliveMs,
    onBeat: hookOption(options, 'onBeat'),
    onLateOutcome: hookOption(options, 'onLateOutcome'),
  };
}

function createFormats(frame: string, pad: number, encode: (text: string) => Uint8Array): Formats {
  const json = createJsonFormat(pad, encode);
  const sse = createSseFormat(frame, pad, encode);
  const ndjson = createNdjsonFormat(pad, encode);
  const jsonSeq = createJsonSeqFormat(pad, encode);
  return { json, sse, ndjson, 'json-seq': jsonSeq, all: [json, sse, ndjson, jsonSeq] };
}

function refuseUnknown(options: object, alsoKnown: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (OPTION_NAMES.has(name) || alsoKnown.includes(name)) continue;
    const near = nearestName(name, [...OPTION_NAMES, ...alsoKnown]);
    throw new HoldOpenError(
      'HOLDOPEN_UNKNOWN_OPTION',
      `holdOpen has no option ${JSON.stringify(name)}.${near === undefined ? ` It has: ${[...OPTION_NAMES, ...alsoKnown].join(', ')}.` : ` Did you mean ${near}?`}`,
      { option: name, given: Reflect.get(options, name) },
    );
  }
}

/** The one known name that is the same but for case, "Ms" or a few letters. */
function nearestName(name: string, known: readonly string[]): string | undefined {
  const plain = (text: string): string => text.toLowerCase().replace(/ms$/, '');
  return known.find((candidate) => {
    const a = plain(candidate);
    const b = plain(name);
    return a === b || (b.length >= 4 && (a.startsWith(b) || b.startsWith(a)));
  });
}

type TimeName = 'intervalMs' | 'firstBeatMs' | 'maxSilenceMs' | 'tcpKeepAliveMs';

function timeOption(
  options: HoldOpenOptions<never>,
  name: TimeName,
  byDefault: number,
  least: number,
  mayBeOff: false,
): number;
function timeOption(
  options: HoldOpenOptions<never>,
  name: TimeName,
  byDefault: number,
  least: number,
  mayBeOff: true,
): number | false;
function timeOption(
  options: HoldOpenOptions<never>,
  name: TimeName,
  byDefault: number,
  least: number,
  mayBeOff: boolean,
): number | false {
  const given: unknown = options[name];
  if (given === undefined) return byDefault;
  if (given === false && mayBeOff) return false;
  if (typeof given === 'number' && given >= least && given <= MAX_TIMER_MS) return given;
  const off = mayBeOff ? ', or false to switch it off' : '';
  throw new HoldOpenError(
    'HOLDOPEN_INVALID_OPTION',
    `${name} must be a number of milliseconds from ${least} to ${MAX_TIMER_MS}${off}; it was ${show(given)}.${hintForSeconds(given, least)}`,
    { option: name, given },
  );
}

function hintForSeconds(given: unknown, least: number): string {
  if (typeof given === 'string') return ` Give a number, such as ${Number(given) || 8000}.`;
  if (typeof given === 'number' && given > 0 && given < least) {
    return ` If you meant seconds, write ${given * 1000}.`;
  }
  return '';
}

function numberOption(
  options: HoldOpenOptions<never>,
  name: 'pad' | 'maxHolds',
  byDefault: number,
  least: number,
  most: number,
): number {
  const given: unknown = options[name];
  if (given === undefined) return byDefault;
  if (Number.isInteger(given) && (given as number) >= least && (given as number) <= most) {
    return given as number;
  }
  throw new HoldOpenError(
    'HOLDOPEN_INVALID_OPTION',
    `${name} must be a whole number from ${least} to ${most}; it was ${show(given)}.`,
    { option: name, given },
  );
}

function formatOption<Request>(
  given: HoldOpenOptions<Request>['format'],
): Settings<Request>['format'] {
  if (given === undefined) return 'auto';
  if (typeof given === 'function') return given;
  return checkFormat(given);
}

/**
 * Checks a format, given as an option or by the user's function.
 * @throws HoldOpenError
 */
export function checkFormat(given: unknown): FormatChoiceOption {
  const named = FORMAT_NAMES.find((name) => name === given);
  if (named !== undefined) return named;
  if (isBeatFormat(given)) {
    if (/^[a-z*][a-z0-9_\-.*]*$/.test(given.name)) return given;
    throw new HoldOpenError(
      'HOLDOPEN_INVALID_OPTION',
      `The name of a format stands in the HoldOpen header: lower-case letters, digits, "-", "_", "." and "*" only; it was ${show(given.name)}.`,
      { option: 'format', given },
    );
  }
  throw new HoldOpenError(
    'HOLDOPEN_INVALID_OPTION',
    `format must be one of ${FORMAT_NAMES.map((name) => `'${name}'`).join(', ')}, a BeatFormat (an object with name, contentType, matches, createTracker and beat) or a function of the request; it was ${show(given)}.`,
    { option: 'format', given },
  );
}

function isBeatFormat(given: unknown): given is BeatFormat {
  if (typeof given !== 'object' || given === null) return false;
  const text = ['name', 'contentType'].every((key) => typeof Reflect.get(given, key) === 'string');
  return (
    text &&
    ['matches', 'createTracker', 'beat'].every(
      (key) => typeof Reflect.get(given, key) === 'function',
    )
  );
}

function frameOption(given: unknown): string {
  if (given === undefined) return DEFAULT_FRAME;
  const wrong = frameFault(given);
  if (typeof given === 'string' && wrong === undefined) return given;
  throw new HoldOpenError('HOLDOPEN_INVALID_OPTION', `${wrong} It was ${show(given)}.`, {
    option: 'frame',
    given,
  });
}

function frameFault(given: unknown): string | undefined {
  if (typeof given !== 'string') return "frame must be a string, such as ': keepalive\\n\\n'.";
  if (!given.endsWith('\n')) {
    return 'frame must end with a line feed, or the next line of the stream becomes part of it: add "\\n\\n".';
  }
  if (given.includes('\r')) return 'frame must use line feeds only, no carriage returns.';
  const lines = given.split('\n');
  if (lines.some((line) => /^id(:|$)/.test(line))) {
    return 'frame must not have an id: it would move the Last-Event-ID that clients resume from.';
  }
  const hasFields = lines.some((line) => line !== '' && !line.startsWith(':'));
  if (hasFields && !given.endsWith('\n\n')) {
    return 'A frame that is an event must end with a blank line, or the next event becomes part of it: end it with "\\n\\n".';
  }
  return undefined;
}

function lateErrorOption<Request>(
  given: HoldOpenOptions<Request>['lateError'],
): LateErrorPolicy<Request> {
  if (given === undefined) return 'cut';
  if (given === 'cut' || given === 'body' || typeof given === 'function') return given;
  throw new HoldOpenError(
    'HOLDOPEN_INVALID_OPTION',
    `lateError must be 'cut', 'body' or a function of the outcome and the request; it was ${show(given)}.`,
    { option: 'lateError', given },
  );
}

function lateHeadersOption(given: unknown): ReadonlySet<string> {
  if (given === undefined) return new Set();
  if (!Array.isArray(given) || given.some((name) => typeof name !== 'string')) {
    throw new HoldOpenError(
      'HOLDOPEN_INVALID_OPTION',
      `lateHeaders must be an array of header names, such as ['x-request-id']; it was ${show(given)}.`,
      { option: 'lateHeaders', given },
    );
  }
  const names = given.map((name: string) => name.toLowerCase());
  for (const name of names) {
    if (name === 'set-cookie') {
      throw new HoldOpenError(
        'HOLDOPEN_INVALID_OPTION',
        'lateHeaders cannot name set-cookie: no browser would store it from there. Set the cookie before the first beat.',
        { option: 'lateHeaders', given },
      );
    }
    // RFC 9110 section 5.1: a field name is a token; RFC 9651 keys are narrower still.
    if (!/^[a-z*][a-z0-9_\-.*]*$/.test(name)) {
      throw new HoldOpenError(
        'HOLDOPEN_INVALID_OPTION',
        `lateHeaders has ${show(name)}, which is no header name.`,
        { option: 'lateHeaders', given },
      );
    }
  }
  return new Set(names);
}

function onDisconnectOption(given: unknown): 'abort' | 'continue' {
  if (given === undefined) return 'abort';
  if (given === 'abort' || given === 'continue') return given;
  throw new HoldOpenError(
    'HOLDOPEN_INVALID_OPTION',
    `onDisconnect must be 'abort' or 'continue'; it was ${show(given)}.`,
    { option: 'onDisconnect', given },
  );
}

function hookOption<Request, Name extends 'onBeat' | 'onLateOutcome'>(
  options: HoldOpenOptions<Request>,
  name: Name,
): HoldOpenOptions<Request>[Name] {
  const given = options[name];
  if (given === undefined || typeof given === 'function') return given;
  throw new HoldOpenError(
    'HOLDOPEN_INVALID_OPTION',
    `${name} must be a function; it was ${show(given)}.`,
    { option: name, given },
  );
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  return String(value);
}
