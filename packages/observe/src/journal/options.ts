import { HoldOpenError } from '@holdopen/core';
import type { RouteLabelsOptions } from '../route.js';
import type { CauseMessage } from './cause.js';
import type { Incident } from './record.js';

export interface JournalOptions {
  /**
   * Where the files are. It is made if it is not there. Processes may share it, also those of other
   * machines; to find those that died it must outlive them.
   */
  readonly directory: string;
  /**
   * Called with each incident, deaths of other processes among them. What it throws is swallowed,
   * and so is a rejection.
   */
  readonly onIncident?: ((incident: Incident) => void) | undefined;
  /**
   * What may be written down of the message of a cause. Messages quote what users sent, so none is kept
   * by default. `(error) => error instanceof UpstreamError ? error.message : undefined`
   */
  readonly causeMessage?: CauseMessage | undefined;
  /**
   * Names the route of a request that has no pattern, as below plain `node:http`. It is given Node's
   * request, or the web's. Give a text without values of the path in it, or `undefined`, which is `other`.
   */
  readonly route?: RouteLabelsOptions['route'];
  /** How often the instance writes that it is there, in milliseconds. @default 10000 */
  readonly heartbeatMs?: number | undefined;
  /**
   * After how long without a word another instance is taken for dead, in milliseconds. One whose process
   * is seen to be gone is not waited for. @default three heartbeats
   */
  readonly staleAfterMs?: number | undefined;
  /** How long lines may wait to be written together, in milliseconds: what a SIGKILL loses. @default 200 */
  readonly flushMs?: number | undefined;
  /** A file that has grown beyond it is followed by another. @default 16 MiB */
  readonly maxFileBytes?: number | undefined;
  /** How many finished files stay in the directory, of all instances together. @default 20 */
  readonly maxFiles?: number | undefined;
  /** When they are deleted, in milliseconds. @default 30 days */
  readonly maxAgeMs?: number | undefined;
}

type Given = 'onIncident' | 'causeMessage' | 'route';

export type JournalSettings = Pick<JournalOptions, Given> & {
  readonly [Name in Exclude<keyof JournalOptions, Given>]-?: NonNullable<JournalOptions[Name]>;
};

const DEFAULT_HEARTBEAT_MS = 10_000;
const DEFAULT_FLUSH_MS = 200;
const DEFAULT_MAX_FILE_BYTES = 16 * 2 ** 20;
const DEFAULT_MAX_FILES = 20;
const DEFAULT_MAX_AGE_MS = 30 * 24 * 3_600_000;
/** Fewer could be missed by a process that is merely busy. */
const STALE_AFTER_HEARTBEATS = 3;

const MAX_TIMER_MS = 2 ** 31 - 1;

const RANGES = {
  heartbeatMs: [20, MAX_TIMER_MS],
  staleAfterMs: [40, MAX_TIMER_MS],
  flushMs: [0, 60_000],
  maxFileBytes: [4_096, 2 ** 40],
  maxFiles: [1, 100_000],
  maxAgeMs: [1_000, Number.MAX_SAFE_INTEGER],
} as const satisfies Partial<Record<keyof JournalOptions, readonly [number, number]>>;

const FUNCTIONS = ['onIncident', 'causeMessage', 'route'] as const;
const NAMES = ['directory', ...FUNCTIONS, ...Object.keys(RANGES)];

/** @throws HoldOpenError if an option is wrong; its message says what to do */
export function resolveJournalOptions(options: JournalOptions): JournalSettings {
  if (typeof options !== 'object' || options === null) {
    throw wrong('options', options, "it must be an object, such as { directory: 'incidents' }");
  }
  for (const name of Object.keys(options)) {
    if (NAMES.includes(name)) continue;
    throw new HoldOpenError(
      'HOLDOPEN_UNKNOWN_OPTION',
      `createJournal has no option ${JSON.stringify(name)}. It has: ${NAMES.join(', ')}.`,
      { option: name, given: Reflect.get(options, name) },
    );
  }
  const { directory, heartbeatMs = DEFAULT_HEARTBEAT_MS } = options;
  if (typeof directory !== 'string' || directory === '' || directory.includes('\0')) {
    throw wrong(
      'directory',
      directory,
      "it must name a directory, such as '/var/lib/app/incidents'",
    );
  }
  for (const name of FUNCTIONS) {
    const given: unknown = options[name];
    if (given !== undefined && typeof given !== 'function') {
      throw wrong(name, given, 'it must be a function');
    }
  }
  const settings = {
    directory,
    onIncident: options.onIncident,
    causeMessage: options.causeMessage,
    route: options.route,
    heartbeatMs,
    staleAfterMs: options.staleAfterMs ?? STALE_AFTER_HEARTBEATS * heartbeatMs,
    flushMs: options.flushMs ?? DEFAULT_FLUSH_MS,
    maxFileBytes: options.maxFileBytes ?? DEFAULT_MAX_FILE_BYTES,
    maxFiles: options.maxFiles ?? DEFAULT_MAX_FILES,
    maxAgeMs: options.maxAgeMs ?? DEFAULT_MAX_AGE_MS,
  };
  for (const [name, [least, most]] of Object.entries(RANGES)) {
    const given: unknown = Reflect.get(settings, name);
    if (typeof given === 'number' && given >= least && given <= most) continue;
    throw wrong(name, given, `it must be a number from ${least} to ${most}`);
  }
  if (settings.staleAfterMs < 2 * heartbeatMs) {
    throw new HoldOpenError(
      'HOLDOPEN_CONFLICTING_OPTIONS',
      `createJournal: staleAfterMs (${settings.staleAfterMs}) must be at least two heartbeats (heartbeatMs is ${heartbeatMs}), or instances that live are taken for dead.`,
      { option: 'staleAfterMs', given: settings.staleAfterMs },
    );
  }
  return settings;
}

function wrong(option: string, given: unknown, fix: string): HoldOpenError {
  return new HoldOpenError(
    'HOLDOPEN_INVALID_OPTION',
    `createJournal: ${option} is ${typeof given === 'string' ? JSON.stringify(given) : String(given)}; ${fix}.`,
    { option, given },
  );
}
