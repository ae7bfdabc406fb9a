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
  /** The last ones were refused with 401, or did not show a run that was there: 404. */
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

interface Kind {
  readonly fits: (value: unknown) => boolean;
  readonly fix: string;
}

const ABOVE_0: Kind = {
  fits: (value) => typeof value === 'number' && value > 0,
  fix: 'give a number above 0',
};
const COUNT: Kind = {
  fits: (value) => Number.isInteger(value) && (value as number) > 0,
  fix: 'give a whole number from 1',
};
const FUNCTION: Kind = { fits: (value) => typeof value === 'function', fix: 'give a function' };

const RETRY: Readonly<Record<string, Kind>> = {
  maxAttempts: COUNT,
  baseMs: ABOVE_0,
  maxMs: ABOVE_0,
  maxRetryAfterMs: ABOVE_0,
};

const METHODS = ['getItem', 'setItem', 'removeItem'] as const;

const OPTIONS: Readonly<Record<string, Kind>> = {
  fetch: FUNCTION,
  intervalMs: ABOVE_0,
  maxSilenceMs: { ...ABOVE_0, fits: (value) => value === false || ABOVE_0.fits(value) },
  retry: { fits: (value) => value === false || isObject(value), fix: 'give an object' },
  idempotencyKey: {
    fits: (value) =>
      typeof value === 'boolean' || (typeof value === 'string' && /^[!-~]+$/.test(value)),
    fix: 'give letters, digits, "-" and "_", or true for a key made by chance',
  },
  keyHeader: {
    // RFC 9110 section 5.6.2.
    fits: (value) => typeof value === 'string' && /^[\w!#$%&'*+.^`|~-]+$/.test(value),
    fix: 'give the name of a header',
  },
  persist: {
    fits: (value) => {
      const { storage, name, ...others } = (value ?? {}) as Partial<PersistOptions>;
      const isStorage = METHODS.every((method) => typeof storage?.[method] === 'function');
      return isStorage && typeof name === 'string' && name !== '' && !Object.keys(others)[0];
    },
    fix: 'give { storage, name } and no more, with sessionStorage or the like',
  },
  onState: FUNCTION,
};

const JSON_CHECK: Kind = {
  fits: (value) => value === 'check' || value === 'trust',
  fix: "give 'check' or 'trust'",
};

/** By what each of the two has of its own. */
const KINDS = {
  json: { ...OPTIONS, json: JSON_CHECK },
  isTerminal: { ...OPTIONS, isTerminal: FUNCTION },
};

/** @throws OptionError that names the option and the fix */
export function readOptions(given: HoldOptions, own: keyof typeof KINDS): Settings {
  if (given.persist !== undefined && given.idempotencyKey === false) {
    const fix = 'needs a key: leave idempotencyKey out, or give one';
    throw new OptionError('persist', given.persist, fix);
  }
  check(given, KINDS[own], '');
  const { intervalMs, maxSilenceMs = DEFAULT_MAX_SILENCE_MS, json, retry = {} } = given;
  const { idempotencyKey: key, keyHeader = DEFAULT_KEY_HEADER, persist, fetch, onState } = given;
  if (retry !== false) check(retry, RETRY, 'retry.');
  const {
    maxAttempts = DEFAULT_MAX_ATTEMPTS,
    baseMs = DEFAULT_BASE_DELAY_MS,
    maxMs = DEFAULT_MAX_DELAY_MS,
    maxRetryAfterMs = DEFAULT_MAX_RETRY_AFTER_MS,
  }: RetryOptions = retry === false ? { maxAttempts: 1 } : retry;
  return {
    fetch,
    intervalMs,
    maxSilenceMs: maxSilenceMs === false ? Number.POSITIVE_INFINITY : maxSilenceMs,
    checksJson: json !== 'trust',
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

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function check(given: object, kinds: Readonly<Record<string, Kind>>, prefix: string): void {
  if (!isObject(given)) throw new OptionError(prefix, given, 'give an object');
  for (const [name, value] of Object.entries(given)) {
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    if (kind !== undefined && (value === undefined || kind.fits(value))) continue;
    const fix = kind?.fix ?? `there is no such option; there are ${Object.keys(kinds).join(', ')}`;
    const not = typeof value === 'number' && name !== 'idempotencyKey' ? `, not ${value}` : '';
    throw new OptionError(prefix + name, value, kind === undefined ? fix : fix + not);
  }
}
