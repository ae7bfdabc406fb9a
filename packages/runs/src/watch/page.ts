import { type OpenPatience, openEntry, openHead } from '../codec.js';
import type { Asked } from '../diagnostics.js';
import type { Entry, RunHead } from '../entry.js';
import { RunError } from '../errors.js';
import { insist } from '../insist.js';
import type { RunRecord, RunStore } from '../store.js';
import type { Timers } from '../timers.js';
import type { WatchSettings } from './options.js';

/** An entry of the log, decoded. */
export interface LogEntry {
  readonly offset: number;
  readonly entry: Entry;
  /** Stored bytes. */
  readonly size: number;
}

export interface Page {
  readonly record: RunRecord;
  readonly entries: readonly LogEntry[];
}

/** Reads logs a page at a time and believes no page before it has looked at it. */
export class PageReader {
  readonly #store: RunStore;
  readonly #settings: WatchSettings;
  readonly #timers: Timers;

  constructor(store: RunStore, settings: WatchSettings, timers: Timers) {
    this.#store = store;
    this.#settings = settings;
    this.#timers = timers;
  }

  /**
   * The entries behind `after`. `sawEnd`: the one at `after` was the end.
   * @throws RunError `cursor_lost`, `purged`, `store_away`, `corrupt_entry`
   */
  async read(run: string, epoch: string, after: number, signal: AbortSignal): Promise<Page> {
    const { pageEntries: maxEntries, pageBytes: maxBytes, codec } = this.#settings;
    const request = { run, epoch, after, maxEntries, maxBytes };
    const answer = await this.insist(
      { operation: 'read', run },
      () => this.#store.read(request),
      signal,
    );
    if (answer === undefined) throw cursorLost(run, 'the store does not know the run any more');
    const { record } = answer;
    checkRecord(record, epoch, after);
    let expected = after + 1;
    const entries: LogEntry[] = [];
    for (const { offset, bytes } of answer.entries) {
      if (offset !== expected) throw cursorLost(run, `${expected} is missing before ${offset}`);
      const entry = await openEntry(codec, bytes, run, this.#patience(signal));
      entries.push({ offset, entry, size: bytes.length });
      expected += 1;
    }
    if (entries.length === 0 && record.tail > after) {
      throw cursorLost(
        run,
        `the log should go on to ${record.tail}, and nothing is behind ${after}`,
      );
    }
    if (expected - 1 > record.tail) throw cursorLost(run, 'the log is longer than its record says');
    return { record, entries };
  }

  /** @throws RunError `store_away`, `corrupt_entry` */
  head(bytes: Uint8Array, run: string, signal: AbortSignal): Promise<RunHead> {
    return openHead(this.#settings.codec, bytes, run, this.#patience(signal));
  }

  /** @throws RunError `store_away` */
  insist<T>(asked: Asked, attempt: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const { storeAwayMs: awayMs } = this.#settings;
    return insist(attempt, { ...asked, timers: this.#timers, awayMs, signal });
  }

  #patience(signal: AbortSignal): OpenPatience {
    return { timers: this.#timers, limitMs: this.#settings.storeAwayMs, signal };
  }
}

/** @throws RunError `cursor_lost`, `purged` */
export function checkRecord(record: RunRecord, epoch: string, after: number): void {
  const { run, fence, tail, purged } = record;
  if (fence.epoch !== epoch) throw cursorLost(run, 'the work was started anew');
  if (purged) {
    throw new RunError('purged', 'The output of this run was removed on request.', { run });
  }
  if (after > tail) throw cursorLost(run, `the log ends at ${tail}, before ${after}`);
}

export function cursorLost(run: string, why: string): RunError {
  return new RunError(
    'cursor_lost',
    `The log of this run cannot be followed from this place: ${why}. Read it from its beginning.`,
    { run },
  );
}
