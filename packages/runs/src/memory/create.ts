import { RunError } from '../errors.js';
import type { RunStore } from '../store.js';
import { type Random, systemRandom, systemTimers } from '../timers.js';
import { MemoryStore } from './store.js';
import { Table } from './table.js';

/** How many runs a memory store remembers, running and settled. */
export const DEFAULT_MAX_RUNS = 100_000;
/** How many bytes of logs a memory store keeps: 256 MiB. */
export const DEFAULT_MAX_STORE_BYTES = 268_435_456;

export interface MemoryStoreOptions {
  /**
   * Runs remembered at once, running and settled. Beyond it new work is refused with 503; nothing is
   * forgotten early, since a forgotten key would start its work again. With a retention of ten minutes the
   * default has room for 166 new runs a second, without end; each takes some 1.5 KB beside its log.
   * @default 100000
   */
  maxRuns?: number | undefined;
  /**
   * Memory of all logs together, with some 256 bytes for each entry beyond its own. A run that finds no room fails with `log_full`.
   * @default 256 MiB
   */
  maxBytes?: number | undefined;
  /** The store's clock, in milliseconds. */
  now?: (() => number) | undefined;
  random?: Random | undefined;
}

/**
 * The default store: the memory of this process. Keys do not protect across processes, and a restart
 * forgets everything; many processes need `@holdopen/redis`.
 * @throws RunError `invalid_option`
 */
export function createMemoryStore(options: MemoryStoreOptions = {}): RunStore {
  const random = options.random ?? systemRandom;
  const table = new Table({
    maxRuns: wholeNumber('maxRuns', options.maxRuns, DEFAULT_MAX_RUNS),
    maxBytes: wholeNumber('maxBytes', options.maxBytes, DEFAULT_MAX_STORE_BYTES),
  });
  return new MemoryStore(instanceName(random), table, options.now ?? systemTimers.now);
}

function instanceName(random: Random): string {
  return [...random(6)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

function wholeNumber(name: string, given: number | undefined, byDefault: number): number {
  if (given === undefined) return byDefault;
  if (Number.isSafeInteger(given) && given > 0) return given;
  throw new RunError('invalid_option', `${name} must be a whole number above 0; it was ${given}.`, {
    given,
  });
}
