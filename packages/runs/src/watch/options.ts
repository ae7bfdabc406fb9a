import type { LogCodec } from '../codec.js';
import { RunError } from '../errors.js';

export const DEFAULT_SLOW_POLL_MS = 5_000;
export const DEFAULT_READER_STORE_AWAY_MS = 20_000;
/** 256 KiB. */
export const DEFAULT_PAGE_BYTES = 262_144;
export const DEFAULT_PAGE_ENTRIES = 256;

/** How runs are watched. */
export interface WatchOptions {
  /**
   * How often a run is looked at though no doorbell rang, in milliseconds.
   * @default 5000
   */
  slowPollMs?: number | undefined;
  /**
   * How long the store may stay away before watchers are told, in milliseconds.
   * @default 20000
   */
  storeAwayMs?: number | undefined;
  /**
   * Bytes read at a time, and kept of the newest entries of each watched run.
   * @default 256 KiB
   */
  pageBytes?: number | undefined;
  /**
   * Entries read at a time, and kept of each watched run.
   * @default 256
   */
  pageEntries?: number | undefined;
  /** What the owner sealed the log with. */
  codec?: LogCodec | undefined;
}

export type WatchSettings = {
  readonly [Name in Exclude<keyof WatchOptions, 'codec'>]-?: number;
} & { readonly codec: LogCodec | undefined };

const DEFAULTS = {
  slowPollMs: DEFAULT_SLOW_POLL_MS,
  storeAwayMs: DEFAULT_READER_STORE_AWAY_MS,
  pageBytes: DEFAULT_PAGE_BYTES,
  pageEntries: DEFAULT_PAGE_ENTRIES,
} as const;

/** @throws RunError `invalid_option` */
export function resolveWatchOptions(options: WatchOptions = {}): WatchSettings {
  const settings = { ...DEFAULTS, codec: options.codec };
  for (const name of Object.keys(DEFAULTS) as (keyof typeof DEFAULTS)[]) {
    const given = options[name];
    if (given === undefined) continue;
    if (typeof given !== 'number' || !(given >= 1 && given <= 2 ** 31 - 1)) {
      throw new RunError(
        'invalid_option',
        `${name} must be a number from 1 to 2147483647; it was ${String(given)}.`,
        { given },
      );
    }
    Object.assign(settings, { [name]: given });
  }
  return settings;
}
