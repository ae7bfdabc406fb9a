import { Gate } from './access/gate.js';
import { type Asked, tellLost } from './diagnostics.js';
import { encodeEntry, lostEntry } from './entry.js';
import { RunError } from './errors.js';
import { insist } from './insist.js';
import type { RunSecret } from './run-id.js';
import type { RunsSettings } from './settings.js';
import { SharedRuns } from './shared.js';
import { isOverdue, type RunRecord, type RunStore } from './store.js';
import { type Random, systemRandom, systemTimers, type Timers } from './timers.js';
import { warnOnce } from './warnings.js';
import type { RunFeeds } from './watch/feeds.js';
import type { Watching } from './watching.js';

/** Time and chance, handed in so that tests can turn them. */
export interface RunsRuntime {
  readonly timers: Timers;
  readonly random: Random;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

const { Date: Time } = globalThis;

const systemRuntime: RunsRuntime = {
  timers: systemTimers,
  random: systemRandom,
  now: () => Time.now(),
};

/** A request does not wait longer than this for a store that is away. */
export const REQUEST_AWAY_MS = 5_000;

/** What all requests to a route know of runs. */
export class RunsContext {
  readonly settings: RunsSettings;
  readonly runtime: RunsRuntime;
  readonly gate: Gate;
  readonly #shared: SharedRuns;

  constructor(
    settings: RunsSettings,
    runtime: RunsRuntime = systemRuntime,
    shared = new SharedRuns(settings, runtime),
  ) {
    this.settings = settings;
    this.runtime = runtime;
    this.gate = new Gate(settings, () => this.secret(), runtime.now);
    this.#shared = shared;
  }

  /** The same runs with other settings. */
  forRoute(settings: RunsSettings): RunsContext {
    return new RunsContext(settings, this.runtime, this.#shared);
  }

  get store(): RunStore {
    return this.#shared.store;
  }

  get feeds(): RunFeeds {
    return this.#shared.feeds;
  }

  get knownHeaders(): WeakMap<Request, Headers> {
    return this.#shared.knownHeaders;
  }

  get watching(): Watching {
    return this.#shared.watching;
  }

  get isClosed(): boolean {
    return this.#shared.isClosed;
  }

  secret(): Promise<RunSecret> {
    return this.#shared.secret();
  }

  /** Somebody was given the end of this run, which may be all that its output is kept for. */
  delivered(record: RunRecord): void {
    if (this.settings.retentionMs > 0 || this.isClosed) return;
    this.#shared.deliveries.noted(record);
  }

  /** Ends all watchers, also those who come later. */
  close(): void {
    this.#shared.close();
  }

  /**
   * What the store knows of a run, which is never one that runs without an owner. One that is not ours to
   * see is for the gate to refuse.
   * @throws RunError `store_away`, `run_elsewhere`
   */
  async find(run: string): Promise<RunRecord | undefined> {
    try {
      const record = await this.ask({ operation: 'read', run }, () => this.store.get(run));
      return record && (await this.settledIfLost(record));
    } catch (error) {
      if (error instanceof RunError && error.code === 'run_elsewhere') {
        warnOnce('HOLDOPEN_RUN_ELSEWHERE', '', error.message);
      }
      throw error;
    }
  }

  /**
   * The record; of a run whose owner is gone, as it is when that is said. Who only asks from time to time
   * must hear `lost` as soon as who watches, and no sweeper need have been there.
   * @throws RunError `store_away`
   */
  async settledIfLost(record: RunRecord): Promise<RunRecord | undefined> {
    if (!isOverdue(record)) return record;
    const { run, fence } = record;
    const entry = encodeEntry(lostEntry());
    const settled = await this.ask({ operation: 'mark-lost', run }, () =>
      this.store.markLost(run, fence.epoch, entry),
    );
    tellLost(settled, 'request');
    return settled;
  }

  /**
   * Asks the store, for as long as a request should wait. Only for what may be done twice.
   * @throws RunError `store_away`, `drained`
   */
  async ask<T>(asked: Asked, attempt: () => Promise<T>): Promise<T> {
    // A connection that outlives the shutdown. The store may be closed, and would be waited for.
    if (this.isClosed) throw new RunError('drained', 'The runs of this process were closed.');
    const awayMs = Math.min(REQUEST_AWAY_MS, this.settings.watch.storeAwayMs);
    return insist(attempt, { ...asked, timers: this.runtime.timers, awayMs });
  }
}
