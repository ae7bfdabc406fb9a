import { OptionError } from './errors.js';
import type { HeadersLike } from './fetch-types.js';
import type { PersistOptions } from './run/persist.js';
import type { HoldState } from './state.js';

/** The longest silence that is no stall where nothing was announced. */
export const DEFAULT_MAX_SILENCE_MS = 300_000;
export const DEFAULT_MAX_ATTEMPTS = 5;
export const DEFAULT_BASE_DELAY_MS = 500;
export const DEFAULT_MAX_DELAY_MS = 30_000;
/** The longest `Retry-After` that is waited for. */
export const DEFAULT_MAX_RETRY_AFTER_MS = 300_000;
export const DEFAULT_KEY_HEADER = 'Idempotency-Key';

/** When and how often a request is sent again. Never so that its work is done twice. */
export interface RetryOptions {
  /**
   * How often in a row without any progress, the first time included.
   * @default 5
   */
  readonly maxAttempts?: number | undefined;
  /**
   * The first delay in milliseconds; it doubles each time. Half of each is left to chance.
   * @default 500
   */
  readonly baseMs?: number | undefined;
  /**
   * The longest delay in milliseconds.
   * @default 30000
   */
  readonly maxMs?: number | undefined;
  /**
   * The longest `Retry-After` that is waited for, in milliseconds. A longer one gives the answer to you.
   * @default 300000
   */
  readonly maxRetryAfterMs?: number | undefined;
}

/** What `holdFetch` and `holdEvents` can be told, as `holdOpen` in the second argument. */
export interface HoldOptions {
  /**
   * In place of the global `fetch`.
   */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /**
   * The beats of a server that does not announce them, in milliseconds: what sends a comment every 15
   * seconds has 15000.
   */
  readonly intervalMs?: number | undefined;
  /**
   * The longest silence in milliseconds where no beat could come: before the head, in the middle of a
   * document, and everywhere with servers that have no beats. `false`: any.
   * @default 300000
   */
  readonly maxSilenceMs?: number | false | undefined;
  /**
   * `'check'`: a JSON body without a `Content-Length` that ends before its document does is an error,
   * also where the runtime takes it for complete. `'trust'`: such a body is left as it is.
   * @default 'check'
   */
  readonly json?: 'check' | 'trust' | undefined;
  /**
   * When the request is sent again; `false` for never.
   */
  readonly retry?: RetryOptions | false | undefined;
  /**
   * Sends an `Idempotency-Key` with the request, made by chance with `true`, and keeps its body as it is
   * now: a server that knows the header does the work once, however often the request is sent.
   * @default false, or what your headers say
   */
  readonly idempotencyKey?: string | boolean | undefined;
  /** @default 'Idempotency-Key' */
  readonly keyHeader?: string | undefined;
  /**
   * Keeps key and place in a storage, so that a page that is loaded again joins its work.
   * @example { storage: sessionStorage, name: 'summary-of-7' }
   */
  readonly persist?: PersistOptions | undefined;
  /** Is told what a page can show: live, silent, reconnecting, and how it ended. */
  readonly onState?: ((state: HoldState) => unknown) | undefined;
}

/** What headers are asked for. */
export interface HeadersContext {
  /** From 1. */
  readonly attempt: number;
  /** The last ones were refused with 401. */
  readonly isRefused: boolean;
}

/** Headers, or a function that gives them anew for each attempt. */
export type HeadersSource =
  | HeadersLike
  | ((context: HeadersContext) => HeadersLike | Promise<HeadersLike>);

/** The second argument of `fetch`, and a little more. */
export interface HoldRequestInit<Options = HoldOptions> extends Omit<RequestInit, 'headers'> {
  /**
   * A function is asked at each attempt, and once more after a 401. What it gives is sent to the origin of
   * the request and to no other.
   */
  headers?: HeadersSource | undefined;
  holdOpen?: Options | undefined;
}

export interface Settings {
  readonly fetch: typeof globalThis.fetch | undefined;
  readonly intervalMs: number | undefined;
  readonly maxSilenceMs: number;
  readonly checksJson: boolean;
  /** 1 without retries. */
  readonly maxAttempts: number;
  readonly baseMs: number;
  readonly maxMs: number;
  readonly maxRetryAfterMs: number;
  readonly key: string | boolean | undefined;
  readonly keyHeader: string;
  readonly persist: PersistOptions | undefined;
  readonly onState: HoldOptions['onState'];
}

const NAMES = 'fetch intervalMs maxSilenceMs retry idempotencyKey keyHeader persist onState'.split(
  ' ',
);
const RETRY_NAMES = ['maxAttempts', 'baseMs', 'maxMs', 'maxRetryAfterMs'];

/** @throws OptionError that names the option and the fix */
export function readOptions(given: HoldOptions, own: 'json' | 'isTerminal'): Settings {
  checkNames(given, [...NAMES, own], '');
  const { intervalMs, maxSilenceMs = DEFAULT_MAX_SILENCE_MS, json = 'check', retry = {} } = given;
  if (json !== 'check' && json !== 'trust')
    throw new OptionError('json', json, "give 'check' or 'trust'");
  if (retry !== false) checkNames(retry, RETRY_NAMES, 'retry.');
  const { maxAttempts = DEFAULT_MAX_ATTEMPTS, ...delays } =
    retry === false ? { maxAttempts: 1 } : retry;
  const {
    baseMs = DEFAULT_BASE_DELAY_MS,
    maxMs = DEFAULT_MAX_DELAY_MS,
    maxRetryAfterMs = DEFAULT_MAX_RETRY_AFTER_MS,
  } = delays;
  const { idempotencyKey: key, keyHeader = DEFAULT_KEY_HEADER, persist, fetch, onState } = given;
  for (const [name, value] of Object.entries({
    intervalMs,
    maxSilenceMs,
    'retry.maxAttempts': maxAttempts,
    'retry.baseMs': baseMs,
    'retry.maxMs': maxMs,
    'retry.maxRetryAfterMs': maxRetryAfterMs,
  })) {
    const isOff = value === undefined || (value === false && name === 'maxSilenceMs');
    if (!isOff && !(typeof value === 'number' && value > 0)) {
      throw new OptionError(name, value, `give a number above 0, not ${String(value)}`);
    }
  }
  for (const [name, value] of Object.entries({ fetch, onState })) {
    if (value !== undefined && typeof value !== 'function')
      throw new OptionError(name, value, 'give a function');
  }
  if (key === '' || (typeof key === 'string' && !/^[!-~]+$/.test(key))) {
    throw new OptionError(
      'idempotencyKey',
      key,
      'give letters, digits, "-" and "_", or true for a key made by chance',
    );
  }
  if (persist !== undefined && key === false) {
    throw new OptionError('persist', persist, 'needs a key: leave idempotencyKey out, or give one');
  }
  if (persist !== undefined && typeof persist.storage?.getItem !== 'function') {
    throw new OptionError(
      'persist',
      persist,
      'give { storage, name }, with sessionStorage or the like',
    );
  }
  return {
    fetch,
    intervalMs,
    maxSilenceMs: maxSilenceMs === false ? Number.POSITIVE_INFINITY : maxSilenceMs,
    checksJson: json === 'check',
    maxAttempts,
    baseMs,
    maxMs,
    maxRetryAfterMs,
    key: key ?? (persist === undefined ? undefined : true),
    keyHeader,
    persist,
    onState,
  };
}

function checkNames(given: object, known: readonly string[], prefix: string): void {
  if (typeof given !== 'object')
    throw new OptionError(prefix.slice(0, -1), given, 'give an object');
  for (const [name, value] of Object.entries(given)) {
    if (known.includes(name)) continue;
    const fix = `there is no such option; there are ${known.join(', ')}`;
    throw new OptionError(prefix + name, value, fix);
  }
}
