import { hostname } from 'node:os';
import { HoldOpenError } from '@holdopen/core';
import { type ClientView, clientViewOf } from './client-view.js';

export const DEFAULT_LIVE_BASE_PATH = '/live';
export const DEFAULT_LIVE_UPDATE_MS = 1_000;
export const DEFAULT_LIVE_RECHECK_MS = 15_000;
export const DEFAULT_MAX_LIVE_WATCHERS = 20;
export const DEFAULT_MAX_LIVE_ROWS = 200;
export const DEFAULT_MAX_LIVE_INCIDENTS = 100;

/**
 * - `true`: may look.
 * - `{ expiresAt }`: may look until then, in milliseconds since 1970 or as a `Date`; asked again then.
 * - `false`, `undefined`, `null`: refused with 403.
 * - a `Response`: refused with this answer, such as a 401 with `WWW-Authenticate`, or a redirect to a login.
 */
export type LiveAccess =
  | boolean
  | { readonly expiresAt: number | Date }
  | Response
  | undefined
  | null;

/** Of `createRuns()`: who watches a run is asked of it. */
export interface LiveRuns {
  readonly context: { readonly feeds: { watchers(run: string): number } };
}

/** Of `createJournal()`. */
export interface LiveJournal {
  /** How many there were. Without it those count that `recent` gives. */
  status?(): { readonly incidents: number; readonly deaths: number };
  /** The last incidents, newest first. */
  recent(): readonly {
    readonly id: string;
    /** RFC 3339. */
    readonly time: string;
    readonly subject: string;
    readonly outcome: string;
    readonly instance?: string;
    readonly route?: string;
    readonly hold?: string;
    readonly run?: string;
    readonly status?: number;
    readonly code?: string;
    readonly heldMs?: number;
    readonly silentMs?: number;
    readonly beats?: number;
  }[];
}

export interface LivePageOptions {
  /**
   * Who may look. It is asked for every request, whatever its path, and again while a stream lives; there
   * is no default. `incomingOf(request)` of the adapter gives the framework's own request.
   *
   * @example
   * authorize: async (request) => (await session(request))?.role === 'operator'
   */
  authorize: (request: Request) => LiveAccess | Promise<LiveAccess>;
  /** `createRuns()`: the page shows the runs of this process, too. @default none */
  runs?: LiveRuns | undefined;
  /**
   * `createJournal()`: the page shows its last incidents, those of calls and of processes that died among
   * them, in place of what it has seen itself. It has the last 100, whatever `maxIncidents` is.
   * @default none
   */
  journal?: LiveJournal | undefined;
  /** Where the page is, unless the framework takes its path off. @default '/live' */
  basePath?: string | undefined;
  /** The heading: what service this is. @default 'holdopen' */
  name?: string | undefined;
  /** Which of its processes this is. @default the host's name and the process's id */
  instance?: string | undefined;
  /**
   * What is shown of a client: `'network'`, the first 24 bits of an IPv4 and 48 of an IPv6 address;
   * `'address'`, all of it; `'none'`; or what a function of the framework's request gives, for services
   * behind a proxy.
   * @default 'network'
   */
  client?: ClientView | undefined;
  /** How often the page is told news, in milliseconds, from 250. @default 1000 */
  updateMs?: number | undefined;
  /** How often `authorize` is asked again for each stream, in milliseconds, from 1000. @default 15000 */
  recheckMs?: number | undefined;
  /** How many streams at once, for all who watch. @default 20 */
  maxWatchers?: number | undefined;
  /** How many holds and runs are shown: the oldest. @default 200 */
  maxRows?: number | undefined;
  /** How many incidents are kept: the last. @default 100 */
  maxIncidents?: number | undefined;
}

/** The options, checked, with the defaults filled in. */
export interface LiveSettings {
  readonly authorize: LivePageOptions['authorize'];
  readonly runs: LiveRuns | undefined;
  readonly journal: LiveJournal | undefined;
  /** Without a slash at its end. */
  readonly basePath: string;
  readonly name: string;
  readonly instance: string;
  readonly client: ((request: unknown) => string | undefined) | undefined;
  readonly updateMs: number;
  readonly recheckMs: number;
  readonly maxWatchers: number;
  readonly maxRows: number;
  readonly maxIncidents: number;
}

const OPTION_NAMES: ReadonlySet<string> = new Set<keyof LivePageOptions>([
  ...([
    'authorize',
    'runs',
    'journal',
    'basePath',
    'name',
    'instance',
    'client',
    'updateMs',
  ] as const),
  ...(['recheckMs', 'maxWatchers', 'maxRows', 'maxIncidents'] as const),
]);

/** @throws HoldOpenError; its message says what to do */
export function resolveLiveOptions(options: LivePageOptions): LiveSettings {
  if (typeof options !== 'object' || options === null) throw noAuthorize(options);
  for (const name of Object.keys(options)) {
    if (OPTION_NAMES.has(name)) continue;
    throw new HoldOpenError(
      'HOLDOPEN_UNKNOWN_OPTION',
      `createLivePage has no option ${JSON.stringify(name)}. It has: ${[...OPTION_NAMES].join(', ')}.`,
      { option: name, given: Reflect.get(options, name) },
    );
  }
  if (typeof options.authorize !== 'function') throw noAuthorize(options.authorize);
  return {
    authorize: options.authorize,
    runs: runsOf(options.runs),
    journal: journalOf(options.journal),
    basePath: basePathOf(options.basePath),
    name: textOf('name', options.name, 'holdopen'),
    instance: textOf('instance', options.instance, `${hostname()}:${process.pid}`),
    client: clientViewOf(options.client ?? 'network'),
    updateMs: whole(options, 'updateMs', DEFAULT_LIVE_UPDATE_MS, 250, 60_000),
    recheckMs: whole(options, 'recheckMs', DEFAULT_LIVE_RECHECK_MS, 1_000, 3_600_000),
    maxWatchers: whole(options, 'maxWatchers', DEFAULT_MAX_LIVE_WATCHERS, 1, 10_000),
    maxRows: whole(options, 'maxRows', DEFAULT_MAX_LIVE_ROWS, 1, 2_000),
    maxIncidents: whole(options, 'maxIncidents', DEFAULT_MAX_LIVE_INCIDENTS, 1, 2_000),
  };
}

function noAuthorize(given: unknown): HoldOpenError {
  return new HoldOpenError(
    'HOLDOPEN_INVALID_OPTION',
    `createLivePage needs authorize, a function that says who may look: createLivePage({ authorize: async (request) => (await session(request))?.isOperator === true }). The page shows routes and clients, so there is no default; it was ${given === null ? 'null' : typeof given}.`,
    { option: 'authorize', given },
  );
}

function runsOf(given: LiveRuns | undefined): LiveRuns | undefined {
  if (given === undefined) return undefined;
  const { context } = (given ?? {}) as Partial<LiveRuns>;
  if (typeof context === 'object' && context !== null) return given;
  throw wrong('runs', 'what createRuns() of @holdopen/runs gives', given);
}

function journalOf(given: LiveJournal | undefined): LiveJournal | undefined {
  if (given === undefined || typeof given?.recent === 'function') return given;
  throw wrong('journal', 'what createJournal() gives', given);
}

function basePathOf(given: string | undefined): string {
  if (given === undefined) return DEFAULT_LIVE_BASE_PATH;
  if (typeof given !== 'string' || !given.startsWith('/') || /[?#\s]/.test(given)) {
    throw wrong('basePath', "a path such as '/ops/live', or '/'", given);
  }
  // As requests have it: percent-encoded, and without dots.
  return new URL(`http://page.test${given}`).pathname.replace(/\/+$/, '');
}

function textOf(option: string, given: string | undefined, byDefault: string): string {
  if (given === undefined) return byDefault;
  if (typeof given === 'string' && given !== '' && given.length <= 200) return given;
  throw wrong(option, 'a text of 1 to 200 characters', given);
}

function whole(
  options: LivePageOptions,
  option: 'updateMs' | 'recheckMs' | 'maxWatchers' | 'maxRows' | 'maxIncidents',
  byDefault: number,
  least: number,
  most: number,
): number {
  const given = options[option];
  if (given === undefined) return byDefault;
  if (Number.isInteger(given) && given >= least && given <= most) return given;
  throw wrong(option, `a whole number from ${least} to ${most}`, given);
}

function wrong(option: string, expected: string, given: unknown): HoldOpenError {
  return new HoldOpenError(
    'HOLDOPEN_INVALID_OPTION',
    `createLivePage: ${option} must be ${expected}; it was ${String(given)}.`,
    { option, given },
  );
}
