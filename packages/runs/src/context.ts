import { Gate } from './access/gate.js';
import { Deliveries } from './attach/deliveries.js';
import { RunError } from './errors.js';
import { insist } from './insist.js';
import { createMemoryStore } from './memory/create.js';
import { importSecret, type RunSecret } from './run-id.js';
import type { RunsSettings } from './settings.js';
import type { RunRecord, RunStore } from './store.js';
import { type Random, systemRandom, systemTimers, type Timers } from './timers.js';
import { warnOnce } from './warnings.js';
import { RunFeeds } from './watch/feeds.js';

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

/**
 * What all requests about runs share. Made at the first of them: some runtimes have neither chance nor
 * timers while modules load.
 */
export class RunsContext {
  readonly settings: RunsSettings;
  readonly runtime: RunsRuntime;
  readonly gate: Gate;
  #store: RunStore | undefined;
  #feeds: RunFeeds | undefined;
  #secret: Promise<RunSecret> | undefined;
  /** What a request will be told of its run, as soon as that is known. */
  readonly knownHeaders = new WeakMap<Request, Headers>();
  /** Ends each watcher. No signal: thousands may listen, which Node takes for a leak. */
  readonly watching = new Set<() => void>();
  readonly #deliveries = new Deliveries(() => ({
    store: this.store,
    feeds: this.feeds,
    timers: this.runtime.timers,
  }));
  #isClosed = false;

  constructor(settings: RunsSettings, runtime: RunsRuntime = systemRuntime) {
    this.settings = settings;
    this.runtime = runtime;
    this.gate = new Gate(settings, () => this.secret(), runtime.now);
    this.#store = settings.store;
  }

  get store(): RunStore {
    this.#store ??= createMemoryStore({ random: this.runtime.random });
    return this.#store;
  }

  get feeds(): RunFeeds {
    this.#feeds ??= new RunFeeds(this.store, this.settings.watch, this.runtime.timers);
    return this.#feeds;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Somebody was given the end of this run, which may be all that its output is kept for. */
  delivered(record: RunRecord): void {
    if (this.settings.retentionMs === 0 && !this.#isClosed) this.#deliveries.noted(record);
  }

  /** Ends all watchers, also those who come later. */
  close(): void {
    this.#isClosed = true;
    this.#deliveries.stop();
    for (const leave of [...this.watching]) leave();
  }

  secret(): Promise<RunSecret> {
    this.#secret ??= importSecret(this.settings.secret ?? this.runtime.random(32));
    return this.#secret;
  }

  /**
   * What the store knows of a run. One that is not ours to see is for the gate to refuse.
   * @throws RunError `store_away`, `run_elsewhere`
   */
  async find(run: string): Promise<RunRecord | undefined> {
    try {
      return await this.ask(() => this.store.get(run));
    } catch (error) {
      if (error instanceof RunError && error.code === 'run_elsewhere') {
        warnOnce('HOLDOPEN_RUN_ELSEWHERE', '', error.message);
      }
      throw error;
    }
  }

  /**
   * Asks the store, for as long as a request should wait. Only for what may be done twice.
   * @throws RunError `store_away`
   */
  ask<T>(attempt: () => Promise<T>): Promise<T> {
    const awayMs = Math.min(REQUEST_AWAY_MS, this.settings.watch.storeAwayMs);
    return insist(attempt, { timers: this.runtime.timers, awayMs });
  }
}
