import type { CorsOptions } from './cors.js';
import { RunError } from './errors.js';
import type { RunsOptions } from './options.js';
import * as defaults from './options.js';
import { type OwnerSettings, resolveOwnerOptions } from './owner/options.js';
import { NEVER_KEPT } from './serve/kept-headers.js';
import { resolveWatchOptions, type WatchSettings } from './watch/options.js';

/** The options of `createRuns`, checked, with the defaults filled in. */
export interface RunsSettings {
  readonly authorize: RunsOptions['authorize'];
  readonly isRevoked: RunsOptions['isRevoked'];
  readonly store: RunsOptions['store'];
  readonly secret: Uint8Array | undefined;
  readonly anonymous: boolean;
  readonly keyHeader: string | false;
  readonly key: RunsOptions['key'];
  readonly methods: ReadonlySet<string>;
  readonly onLost: 'tell' | 'rerun';
  readonly whileRunning: 'attach' | 'refuse';
  readonly fingerprint: RunsOptions['fingerprint'];
  readonly maxBodyBytes: number;
  readonly hold: RunsOptions['hold'];
  /** Without a slash at its end. */
  readonly basePath: string;
  /** Beyond the built-in ones; lower-case. */
  readonly keepHeaders: ReadonlySet<string>;
  readonly cors: CorsOptions | undefined;
  readonly maxRunning: number;
  readonly maxRunningPerPrincipal: number;
  readonly tokenTtlMs: number;
  readonly sweepIntervalMs: number;
  /** As the user gave it; 0 is gone some time after delivery. */
  readonly retentionMs: number;
  readonly owner: OwnerSettings;
  readonly watch: WatchSettings;
}

/** How long a run that is to be gone after its delivery waits for it, and longer than its grace. */
const DELIVERY_MS = 60_000;

export const KNOWN_OPTIONS: ReadonlySet<string> = new Set<keyof RunsOptions>([
  ...(['authorize', 'store', 'secret', 'anonymous', 'keyHeader', 'key', 'methods'] as const),
  ...(['onLost', 'whileRunning', 'fingerprint', 'maxBodyBytes', 'hold', 'basePath'] as const),
  ...(['keepHeaders', 'cors', 'maxRunning', 'maxRunningPerPrincipal', 'tokenTtlMs'] as const),
  ...(['isRevoked', 'slowPollMs', 'sweepIntervalMs', 'codec', 'leaseMs', 'graceMs'] as const),
  ...(['retentionMs', 'maxLogBytes', 'maxEntryBytes', 'windowBytes'] as const),
  ...(['storeAwayMs', 'cancelGraceMs', 'maxSilenceMs'] as const),
]);

/** A token of RFC 9110 section 5.6.2: a header's name, or a method. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** The longest a timer of JavaScript can wait. */
const MAX_MS = 2 ** 31 - 1;

/** @throws RunError `invalid_option`; its message says what to do */
export function resolveRunsOptions(options: RunsOptions): RunsSettings {
  if (typeof options !== 'object' || options === null) {
    throw invalid(
      'createRuns needs its options: createRuns({ authorize: (request) => … }).',
      options,
    );
  }
  for (const name of Object.keys(options)) {
    if (!KNOWN_OPTIONS.has(name)) {
      throw invalid(
        `There is no option ${name}. There are: ${[...KNOWN_OPTIONS].join(', ')}.`,
        name,
      );
    }
  }
  const { codec, storeAwayMs, slowPollMs } = options;
  checkCodec(codec);
  const owner = resolveOwnerOptions(options);
  const { retentionMs } = owner;
  return {
    authorize: required(options.authorize),
    isRevoked: optional('isRevoked', options.isRevoked),
    store: storeOf(options.store),
    secret: secretOf(options),
    anonymous: flag('anonymous', options.anonymous),
    keyHeader: keyHeaderOf(options.keyHeader),
    key: optional('key', options.key),
    methods: methodsOf(options.methods),
    onLost: oneOf('onLost', options.onLost, ['tell', 'rerun']),
    whileRunning: oneOf('whileRunning', options.whileRunning, ['attach', 'refuse']),
    fingerprint: optional('fingerprint', options.fingerprint),
    maxBodyBytes: whole('maxBodyBytes', options.maxBodyBytes, defaults.DEFAULT_MAX_BODY_BYTES),
    hold: options.hold,
    basePath: basePathOf(options.basePath),
    keepHeaders: keepHeadersOf(options.keepHeaders),
    cors: corsOf(options.cors),
    maxRunning: whole('maxRunning', options.maxRunning, defaults.DEFAULT_MAX_RUNNING),
    maxRunningPerPrincipal: whole(
      'maxRunningPerPrincipal',
      options.maxRunningPerPrincipal,
      defaults.DEFAULT_MAX_RUNNING_PER_PRINCIPAL,
    ),
    tokenTtlMs: whole('tokenTtlMs', options.tokenTtlMs, defaults.DEFAULT_TOKEN_TTL_MS),
    sweepIntervalMs: whole(
      'sweepIntervalMs',
      options.sweepIntervalMs,
      defaults.DEFAULT_SWEEP_INTERVAL_MS,
    ),
    retentionMs,
    // What is to be gone after its delivery must be there until then.
    owner: retentionMs === 0 ? { ...owner, retentionMs: DELIVERY_MS } : owner,
    watch: resolveWatchOptions({ codec, storeAwayMs, slowPollMs }),
  };
}

function required(given: unknown): RunsOptions['authorize'] {
  if (typeof given === 'function') return given as RunsOptions['authorize'];
  throw invalid(
    'authorize is required and must be a function that gives whom a request is from: authorize: async (request) => (await session(request))?.userId. For callers without a name give ANONYMOUS and set anonymous: true.',
    given,
  );
}

function storeOf(given: RunsOptions['store']): RunsOptions['store'] {
  if (given === undefined || typeof given?.claim === 'function') return given;
  throw invalid(
    'store must be a store, such as createMemoryStore() or one of @holdopen/redis; a promise of one must be awaited first.',
    given,
  );
}

function checkCodec(given: RunsOptions['codec']): void {
  if (given === undefined) return;
  if (typeof given?.seal === 'function' && typeof given.open === 'function') return;
  throw invalid('codec must have the functions seal(bytes, run) and open(bytes, run).', given);
}

function secretOf({ secret, store }: RunsOptions): Uint8Array | undefined {
  if (secret === undefined) {
    if (store === undefined || store.instance !== '') return undefined;
    throw invalid(
      'secret is required with a store that processes share, and must be the same in all of them. Make one with: openssl rand -base64 32.',
      secret,
    );
  }
  const bytes = typeof secret === 'string' ? new TextEncoder().encode(secret) : secret;
  if (bytes instanceof Uint8Array && bytes.length >= 16) return bytes;
  throw invalid(
    'secret must be a text or bytes, 16 of them at least. Make one with: openssl rand -base64 32.',
    // Not the secret itself: errors are logged.
    typeof secret,
  );
}

function keyHeaderOf(given: unknown): string | false {
  if (given === undefined) return defaults.DEFAULT_KEY_HEADER;
  if (given === false || (typeof given === 'string' && TOKEN.test(given))) return given;
  throw invalid("keyHeader must be a header's name, or false if no header names the key.", given);
}

function methodsOf(given: readonly string[] | undefined): ReadonlySet<string> {
  const methods = given ?? defaults.DEFAULT_RUN_METHODS;
  const isGood = (method: unknown): boolean =>
    typeof method === 'string' && TOKEN.test(method) && !WITHOUT_RUNS.has(method.toUpperCase());
  if (Array.isArray(methods) && methods.every(isGood)) {
    return new Set(methods.map((method: string) => method.toUpperCase()));
  }
  throw invalid(
    "methods must be a list of HTTP methods, such as ['POST', 'PUT']; HEAD, OPTIONS, CONNECT and TRACE have no body to keep.",
    given,
  );
}

/** Their answers have no body, or are no answers of a handler. */
export const WITHOUT_RUNS: ReadonlySet<string> = new Set(['HEAD', 'OPTIONS', 'CONNECT', 'TRACE']);

function basePathOf(given: unknown): string {
  if (given === undefined) return defaults.DEFAULT_BASE_PATH;
  const isPath = typeof given === 'string' && /^(?:\/[\w.~!$&'()*+,:@%-]+)+\/?$/.test(given);
  if (isPath) return given.replace(/\/$/, '');
  throw invalid("basePath must be a path that begins with a slash, such as '/runs'.", given);
}

function keepHeadersOf(given: readonly string[] | undefined): ReadonlySet<string> {
  const names = given ?? [];
  if (
    !Array.isArray(names) ||
    !names.every((name) => typeof name === 'string' && TOKEN.test(name))
  ) {
    throw invalid("keepHeaders must be a list of header names, such as ['x-model'].", given);
  }
  const lower = names.map((name: string) => name.toLowerCase());
  const never = lower.find(
    (name: string) => NEVER_KEPT.has(name) || name.startsWith('access-control-'),
  );
  if (never === undefined) return new Set(lower);
  throw invalid(
    `keepHeaders must not name ${never}: it belongs to one connection or one caller, and the log is given to all. CORS has the option cors.`,
    given,
  );
}

function corsOf(given: CorsOptions | undefined): CorsOptions | undefined {
  if (given === undefined) return undefined;
  const { origins, credentials } = given;
  const isList = Array.isArray(origins) && origins.every((one) => typeof one === 'string');
  if (!isList && origins !== '*' && typeof origins !== 'function') {
    throw invalid(
      "cors.origins must be '*', a list such as ['https://app.example'], or a function of an origin.",
      origins,
    );
  }
  if (origins === '*' && credentials === true) {
    throw invalid(
      "cors.credentials needs origins by name: browsers refuse '*' with cookies.",
      given,
    );
  }
  return given;
}

function optional<F>(name: string, given: F | undefined): F | undefined {
  if (given === undefined || typeof given === 'function') return given;
  throw invalid(`${name} must be a function.`, given);
}

function flag(name: string, given: unknown): boolean {
  if (given === undefined || typeof given === 'boolean') return given ?? false;
  throw invalid(`${name} must be true or false.`, given);
}

function oneOf<Name extends string>(
  name: string,
  given: Name | undefined,
  names: readonly [Name, Name],
): Name {
  const found = given === undefined ? names[0] : names.find((one) => one === given);
  if (found !== undefined) return found;
  throw invalid(`${name} must be '${names[0]}' or '${names[1]}'.`, given);
}

function whole(name: string, given: number | undefined, byDefault: number): number {
  if (given === undefined) return byDefault;
  if (Number.isSafeInteger(given) && given >= 1 && given <= MAX_MS) return given;
  throw invalid(`${name} must be a whole number from 1 to ${MAX_MS}; it was ${given}.`, given);
}

function invalid(message: string, given: unknown): RunError {
  return new RunError('invalid_option', message, { given });
}
