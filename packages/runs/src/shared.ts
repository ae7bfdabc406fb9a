import { Deliveries } from './attach/deliveries.js';
import type { RunsRuntime } from './context.js';
import { createMemoryStore } from './memory/create.js';
import { importSecret, type RunSecret } from './run-id.js';
import type { RunsSettings } from './settings.js';
import type { RunStore } from './store.js';
import { RunFeeds } from './watch/feeds.js';
import { Watching } from './watching.js';

/**
 * What all routes of one `createRuns` share. Made at the first request: some runtimes have neither chance
 * nor timers while modules load.
 */
export class SharedRuns {
  readonly #settings: Pick<RunsSettings, 'store' | 'secret' | 'watch'>;
  readonly #runtime: RunsRuntime;
  #store: RunStore | undefined;
  #feeds: RunFeeds | undefined;
  #secret: Promise<RunSecret> | undefined;
  readonly deliveries = new Deliveries(() => ({
    store: this.store,
    feeds: this.feeds,
    timers: this.#runtime.timers,
  }));
  /** What a request will be told of its run, as soon as that is known. */
  readonly knownHeaders = new WeakMap<Request, Headers>();
  readonly watching = new Watching();
  #isClosed = false;

  constructor(settings: RunsSettings, runtime: RunsRuntime) {
    this.#settings = settings;
    this.#runtime = runtime;
    this.#store = settings.store;
  }

  get store(): RunStore {
    this.#store ??= createMemoryStore({ random: this.#runtime.random });
    return this.#store;
  }

  get feeds(): RunFeeds {
    this.#feeds ??= new RunFeeds(this.store, this.#settings.watch, this.#runtime.timers);
    return this.#feeds;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  secret(): Promise<RunSecret> {
    this.#secret ??= importSecret(this.#settings.secret ?? this.#runtime.random(32));
    return this.#secret;
  }

  close(): void {
    this.#isClosed = true;
    this.deliveries.stop();
    this.watching.endAll();
  }
}
