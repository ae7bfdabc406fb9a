import { tellLost } from '../diagnostics.js';
import { encodeEntry, lostEntry } from '../entry.js';
import { RunError } from '../errors.js';
import { OVER } from '../over.js';
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
  #isDone = false;
  readonly #waiting = new Set<() => void>();
  readonly #subscriptions: (() => void)[] = [];
  #version = 0;
  #rung = false;
  #wake: () => void = () => {};

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

  /** The end of the run was read. */
  get isDone(): boolean {
    return this.#isDone;
  }

  recent(after: number): readonly LogEntry[] | undefined {
    return this.#recent.after(after);
  }

  /** Changes with every change. */
  get version(): number {
    return this.#version;
  }

  /**
   * Resolves at the first change after `version`, when the signal fires, or after `limitMs`. Leaves
   * nothing behind: a watcher waits a million times on the same feed and the same signal.
   */
  async changed(version: number, signal: AbortSignal, limitMs?: number): Promise<void> {
    if (this.#version !== version || signal.aborted) return;
    let wake = (): void => {};
    const woken = new Promise<void>((resolve) => {
      wake = resolve;
    });
    this.#waiting.add(wake);
    signal.addEventListener('abort', wake);
    const handle = limitMs === undefined ? undefined : this.#timers.set(wake, limitMs);
    await woken;
    this.#timers.clear(handle);
    signal.removeEventListener('abort', wake);
    this.#waiting.delete(wake);
  }

  /** Reads at once, and not at the next ring. */
  look(): void {
    this.#rung = true;
    this.#wake();
  }

  stop(): void {
    this.#over.abort(OVER);
    this.#wake();
  }

  async #follow(): Promise<void> {
    const { signal } = this.#over;
    try {
      // Subscribe, then read, then wait: what happens between is either read or rings.
      await this.pages.insist(
        { operation: 'read', run: this.run },
        () => this.#subscribe(),
        signal,
      );
      while (!signal.aborted) {
        this.#rung = false;
        const page = await this.pages.read(this.run, this.epoch, this.#tail, signal);
        this.#take(page.record, page.entries);
        if (this.#tail < page.record.tail) continue;
        if (page.record.state !== 'running') {
          this.#isDone = true;
          return;
        }
        const untilLost = lostFrom(page.record) - page.record.now;
        if (untilLost > 0) await this.#wait(untilLost + LOST_SLACK_MS);
        else await this.#markLost();
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      for (const unsubscribe of this.#subscriptions.splice(0)) unsubscribe();
    }
  }

  async #subscribe(): Promise<void> {
    const unsubscribe = await this.#store.subscribe(this.run, () => this.look());
    // Given up meanwhile.
    if (this.#over.signal.aborted) unsubscribe();
    else this.#subscriptions.push(unsubscribe);
  }

  async #markLost(): Promise<void> {
    const entry = encodeEntry(lostEntry());
    const { run, epoch } = this;
    const record = await this.pages.insist(
      { operation: 'mark-lost', run },
      () => this.#store.markLost(run, epoch, entry),
      this.#over.signal,
    );
    tellLost(record, 'watcher');
    // A store that says otherwise than before is asked again, and not at once.
    if (record?.state === 'running') await this.#wait(LOST_SLACK_MS);
  }

  #take(record: RunRecord, entries: readonly LogEntry[]): void {
    const last = entries.at(-1);
    const settled = record.state !== 'running' && (last?.offset ?? this.#tail) === record.tail;
    // Whatever stood there before a rollback of the store, it was not this end.
    if (settled && last?.entry.kind !== 'end') {
      throw cursorLost(this.run, 'its end stands where something else was read');
    }
    const isNews =
      last !== undefined || (record.head !== undefined && this.#record.head === undefined);
    this.#record = record;
    this.#recent.push(entries);
    this.#tail = last?.offset ?? this.#tail;
    if (isNews) this.#announce();
  }

  /** Until the bell or the slow poll, or this long. */
  async #wait(mostMs: number): Promise<void> {
    if (this.#rung || this.#over.signal.aborted) return;
    let handle: unknown;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      handle = this.#timers.set(resolve, Math.min(this.#settings.slowPollMs, mostMs));
    });
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
    this.#version += 1;
    for (const wake of [...this.#waiting]) wake();
  }
}
