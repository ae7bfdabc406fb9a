import { encodeEntry, lostEntry } from '../entry.js';
import { RunError } from '../errors.js';
import { lostFrom, type RunRecord, type RunStore } from '../store.js';
import type { Timers } from '../timers.js';
import type { WatchSettings } from './options.js';
import { cursorLost, type LogEntry, PageReader } from './page.js';
import { RecentEntries } from './recent.js';

/** Beyond the moment itself, so that the store's clock is past it too. */
const LOST_SLACK_MS = 50;

/**
 * The live end of one run's log, for all its watchers in this process: one subscription and one read
 * for all of them. Who is behind what it keeps pages from the store.
 */
export class RunFeed {
  readonly run: string;
  readonly epoch: string;
  readonly pages: PageReader;
  readonly #store: RunStore;
  readonly #settings: WatchSettings;
  readonly #timers: Timers;
  readonly #over = new AbortController();
  readonly #recent: RecentEntries;
  #record: RunRecord;
  /** Everything up to here was seen, and is kept or was never asked for. */
  #tail: number;
  #failure: RunError | undefined;
  #changed = deferred();
  #bell = deferred();

  /** `record` tells where the log is now; nothing before that is read. */
  constructor(store: RunStore, record: RunRecord, settings: WatchSettings, timers: Timers) {
    this.run = record.run;
    this.epoch = record.fence.epoch;
    this.#store = store;
    this.#settings = settings;
    this.#timers = timers;
    this.#record = record;
    this.#tail = record.state === 'running' ? record.tail : Math.max(0, record.tail - 1);
    this.pages = new PageReader(store, settings, timers);
    this.#recent = new RecentEntries(settings.pageEntries, settings.pageBytes);
    void this.#follow();
  }

  /** As the store last told it. */
  get record(): RunRecord {
    return this.#record;
  }

  /** Entries up to here can be asked for. */
  get tail(): number {
    return this.#tail;
  }

  /** Why it cannot go on. */
  get failure(): RunError | undefined {
    return this.#failure;
  }

  recent(after: number): readonly LogEntry[] | undefined {
    return this.#recent.after(after);
  }

  /** Resolves at the next change. Asked for before looking at the state, or a change may be missed. */
  changed(): Promise<void> {
    return this.#changed.promise;
  }

  stop(): void {
    this.#over.abort();
    this.#bell.resolve();
  }

  async #follow(): Promise<void> {
    let unsubscribe = (): void => {};
    const { signal } = this.#over;
    try {
      // Subscribe, then read, then wait: what happens between is either read or rings.
      unsubscribe = await this.pages.insist(() => this.#subscribe(), signal);
      while (!signal.aborted) {
        const bell = this.#bell;
        const page = await this.pages.read(this.run, this.epoch, this.#tail, signal);
        this.#take(page.record, page.entries);
        if (this.#tail < page.record.tail) continue;
        if (page.record.state !== 'running') return;
        if (page.record.now >= lostFrom(page.record)) {
          const entry = encodeEntry(lostEntry());
          await this.pages.insist(() => this.#store.markLost(this.run, this.epoch, entry), signal);
        } else {
          await this.#wait(bell.promise, page.record);
        }
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      unsubscribe();
    }
  }

  async #subscribe(): Promise<() => void> {
    return this.#store.subscribe(this.run, () => {
      const bell = this.#bell;
      this.#bell = deferred();
      bell.resolve();
    });
  }

  #take(record: RunRecord, entries: readonly LogEntry[]): void {
    const last = entries.at(-1);
    const settled = record.state !== 'running' && (last?.offset ?? this.#tail) === record.tail;
    // Whatever stood there before a rollback of the store, it was not this end.
    if (settled && last?.entry.kind !== 'end') {
      throw cursorLost(this.run, 'its end stands where something else was read');
    }
    const isNews = last !== undefined || record.head !== this.#record.head;
    this.#record = record;
    this.#recent.push(entries);
    this.#tail = last?.offset ?? this.#tail;
    if (isNews) this.#announce();
  }

  /** Until the bell, the slow poll, or the moment when the run may be called lost. */
  async #wait(bell: Promise<void>, record: RunRecord): Promise<void> {
    const untilLost = lostFrom(record) - record.now + LOST_SLACK_MS;
    let handle: unknown;
    const timeout = new Promise<void>((resolve) => {
      handle = this.#timers.set(resolve, Math.min(this.#settings.slowPollMs, untilLost));
    });
    await Promise.race([bell, timeout]);
    this.#timers.clear(handle);
  }

  #fail(error: unknown): void {
    if (this.#over.signal.aborted) return;
    this.#failure =
      error instanceof RunError
        ? error
        : new RunError('store_away', 'The store failed in a way of its own; see the cause.', {
            run: this.run,
            cause: error,
          });
    this.#announce();
  }

  #announce(): void {
    const changed = this.#changed;
    this.#changed = deferred();
    changed.resolve();
  }
}

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
