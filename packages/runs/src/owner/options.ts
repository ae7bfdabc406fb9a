import type { LogCodec } from '../codec.js';
import { RunError } from '../errors.js';

export const DEFAULT_LEASE_MS = 15_000;
export const DEFAULT_GRACE_MS = 15_000;
export const DEFAULT_RETENTION_MS = 600_000;
/** 16 MiB. */
export const DEFAULT_MAX_LOG_BYTES = 16_777_216;
/** 1 MiB. */
export const DEFAULT_MAX_ENTRY_BYTES = 1_048_576;
/** 64 KiB. */
export const DEFAULT_WINDOW_BYTES = 65_536;
export const DEFAULT_STORE_AWAY_MS = 20_000;
export const DEFAULT_CANCEL_GRACE_MS = 10_000;
/** 4 hours. */
export const DEFAULT_MAX_SILENCE_MS = 14_400_000;

/** How a run is owned. All times in milliseconds, all sizes in bytes. */
export interface OwnerOptions {
  /**
   * How long a run counts as owned after its owner was last heard of; renewed at a third of it.
   * @default 15000
   */
  leaseMs?: number | undefined;
  /**
   * How much longer nobody else may call it lost, so that a store that was away orphans nobody.
   * @default 15000
   */
  graceMs?: number | undefined;
  /**
   * How long a settled run is kept. With `0` its output goes half a minute after somebody was given
   * its end, and all of it a minute after it ended; see `DELIVERY_GRACE_MS`.
   * @default 600000
   */
  retentionMs?: number | undefined;
  /**
   * The largest log, with what is still on its way to the store; beyond it the run fails with
   * `log_full`.
   * @default 16 MiB
   */
  maxLogBytes?: number | undefined;
  /**
   * The largest single event or chunk.
   * @default 1 MiB
   */
  maxEntryBytes?: number | undefined;
  /**
   * Bytes on their way to the store from which on `write()` asks the handler to wait.
   * @default 64 KiB
   */
  windowBytes?: number | undefined;
  /**
   * How long the store may stay away, or the codec take to seal something, before the run fails and its
   * signal fires.
   * @default 20000
   */
  storeAwayMs?: number | undefined;
  /**
   * How long a handler may take to settle after somebody cancelled its run.
   * @default 10000
   */
  cancelGraceMs?: number | undefined;
  /**
   * How long a handler may be silent, before its head or behind its last byte, before its run fails
   * with `silent_too_long` and its signal fires: a handler that hangs would keep its lease for ever. Its
   * `touch()` is a sign of life.
   * @default 14400000, which is 4 hours
   */
  maxSilenceMs?: number | undefined;
  /** Encrypts logs at rest. */
  codec?: LogCodec | undefined;
}

export type OwnerSettings = {
  readonly [Name in Exclude<keyof OwnerOptions, 'codec'>]-?: number;
} & {
  readonly codec: LogCodec | undefined;
};

const DEFAULTS = {
  leaseMs: DEFAULT_LEASE_MS,
  graceMs: DEFAULT_GRACE_MS,
  retentionMs: DEFAULT_RETENTION_MS,
  maxLogBytes: DEFAULT_MAX_LOG_BYTES,
  maxEntryBytes: DEFAULT_MAX_ENTRY_BYTES,
  windowBytes: DEFAULT_WINDOW_BYTES,
  storeAwayMs: DEFAULT_STORE_AWAY_MS,
  cancelGraceMs: DEFAULT_CANCEL_GRACE_MS,
  maxSilenceMs: DEFAULT_MAX_SILENCE_MS,
} as const;

/** What is shorter ends a run before its first answer of the store. */
const LEAST: Readonly<Record<string, number>> = { leaseMs: 100, maxSilenceMs: 100 };

/** The longest a timer of JavaScript can wait. */
const MAX_MS = 2 ** 31 - 1;

/** @throws RunError `invalid_option` */
export function resolveOwnerOptions(options: OwnerOptions = {}): OwnerSettings {
  const least = (name: string): number => LEAST[name] ?? (name.endsWith('Bytes') ? 1 : 0);
  const settings = { ...DEFAULTS, codec: options.codec };
  for (const name of Object.keys(DEFAULTS) as (keyof typeof DEFAULTS)[]) {
    const given = options[name];
    if (given === undefined) continue;
    if (typeof given !== 'number' || !(given >= least(name) && given <= MAX_MS)) {
      throw new RunError(
        'invalid_option',
        `${name} must be a number from ${least(name)} to ${MAX_MS}; it was ${String(given)}.`,
        { given },
      );
    }
    Object.assign(settings, { [name]: given });
  }
  return settings;
}
