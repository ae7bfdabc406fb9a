import type { Cursor } from '../cursor.js';
import { RunError } from '../errors.js';
import type { RunRecord, RunStore } from '../store.js';
import { systemTimers, type Timers } from '../timers.js';
import { placed, type WatchBatch, type WatchItem } from './batch.js';
import { RunFeed } from './feed.js';
import { resolveWatchOptions, type WatchOptions, type WatchSettings } from './options.js';
import { checkRecord, cursorLost, type Page, PageReader } from './page.js';

export interface WatchRequest {
  /** The place to go on from; the beginning without one. */
  readonly cursor?: Cursor | undefined;
  /** Ends the iteration, without an error. */
  readonly signal: AbortSignal;
  /** What the store said of the run when the cursor was there already. Without it the store is asked. */
  readonly record?: RunRecord | undefined;
}

interface Shared {
  readonly feed: RunFeed;
  watchers: number;
}

/** All runs that are watched in this process. */
export class RunFeeds {
  readonly #store: RunStore;
  readonly #settings: WatchSettings;
  readonly #timers: Timers;
  readonly #pages: PageReader;
  readonly #shared = new Map<string, Shared>();

  constructor(store: RunStore, options: WatchOptions = {}, timers: Timers = systemTimers) {
    this.#store = store;
    this.#settings = resolveWatchOptions(options);
    this.#timers = timers;
    this.#pages = new PageReader(store, this.#settings, timers);
  }

  /** How many watch this run in this process. */
  watchers(run: string): number {
    let count = 0;
    for (const { feed, watchers } of this.#shared.values()) if (feed.run === run) count += watchers;
    return count;
  }

  /**
   * Every offset behind the cursor once and in order, up to and including the end of the run, or an
   * error. An iterator that waits ends by its signal only. Said at the latest: `lost` after lease,
   * grace and the time that the store takes; all others after `slowPollMs` and `storeAwayMs`.
   * @throws RunError `cursor_lost`, `not_found`, `purged`, `store_away`, `run_elsewhere`,
   * `corrupt_entry`
   */
  async *watch(run: string, request: WatchRequest): AsyncGenerator<WatchItem, void> {
    for await (const batch of this.batches(run, request)) {
      if (batch.kind === 'head') {
        yield batch;
        continue;
      }
      for (const item of batch.entries) {
        if (request.signal.aborted) return;
        yield item;
      }
    }
  }

  /** As `watch`, for who takes what is there as a whole. */
  async *batches(run: string, request: WatchRequest): AsyncGenerator<WatchBatch, void> {
    const { cursor, signal } = request;
    if (signal.aborted) return;
    // One that was given may be old. The feed subscribes and reads before it believes anything of it.
    const record = request.record ?? (await this.#find(run, signal));
    if (record === undefined) return;
    const after = cursor?.offset ?? 0;
    if (cursor !== undefined && cursor.run !== run)
      throw cursorLost(run, 'the cursor is of another');
    checkRecord(record, cursor?.epoch ?? record.fence.epoch, after);
    const atEnd = record.state !== 'running' && after === record.tail;
    if (cursor?.final === undefined ? atEnd : !atEnd || cursor.final !== record.state) {
      throw cursorLost(run, 'it ended otherwise than the cursor says');
    }
    if (atEnd) return;
    const shared = this.#join(record);
    try {
      yield* this.#follow(shared.feed, after, cursor?.ownId, signal);
    } catch (error) {
      // Whoever has left is told nothing.
      if (!signal.aborted) throw error;
    } finally {
      this.#leave(shared);
    }
  }

  async *#follow(
    feed: RunFeed,
    after: number,
    ownId: string | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<WatchBatch, void> {
    const { run } = feed;
    let offset = after;
    let lastId = ownId;
    let hasHead = false;
    while (!signal.aborted) {
      // Of before the read, since the feed goes on meanwhile.
      const { version, tail, isDone } = feed;
      const { record, entries } = await this.#next(feed, offset, signal);
      // The head is in the store no later than the first entry is.
      if (!hasHead && record.head !== undefined) {
        hasHead = true;
        const head = await this.#pages.head(record.head, run, signal);
        yield { kind: 'head', head, isOver: record.state !== 'running' };
      }
      if (entries.length > 0) {
        const watched = placed(feed, entries, offset, lastId);
        const last = watched.at(-1)?.cursor;
        if (signal.aborted) return;
        yield { kind: 'entries', entries: watched };
        if (last === undefined || last.final !== undefined) return;
        offset = last.offset;
        lastId = last.ownId;
        continue;
      }
      if (feed.failure !== undefined) throw feed.failure;
      // The feed had seen more, or the end, and the store has it no more.
      if (offset < tail || isDone) {
        throw cursorLost(run, `the store lost what came after ${offset}`);
      }
      const isAhead = offset > feed.tail;
      if (isAhead) feed.look();
      await feed.changed(version, signal, isAhead ? this.#settings.slowPollMs : undefined);
    }
  }

  /** From what the feed keeps, or a page of our own; nothing if there is nothing yet. */
  async #next(feed: RunFeed, offset: number, signal: AbortSignal): Promise<Page> {
    if (offset <= feed.tail) {
      const { record } = feed;
      const recent = feed.recent(offset);
      if (recent !== undefined) return { record, entries: recent };
      if (offset === feed.tail) return { record, entries: [] };
    }
    // Behind what the feed keeps; or ahead of it, since the feed reads when the bell rings.
    return this.#pages.read(feed.run, feed.epoch, offset, signal);
  }

  async #find(run: string, signal: AbortSignal): Promise<RunRecord | undefined> {
    try {
      const record = await this.#pages.insist(
        { operation: 'read', run },
        () => this.#store.get(run),
        signal,
      );
      if (record !== undefined) return record;
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    }
    throw new RunError('not_found', 'There is no such run: it expired, or never was.', { run });
  }

  #join(record: RunRecord): Shared {
    const key = `${record.run} ${record.fence.epoch}`;
    let shared = this.#shared.get(key);
    if (shared === undefined || isOfNoUse(shared.feed, record)) {
      const feed = new RunFeed(this.#store, record, this.#settings, this.#timers);
      shared = { feed, watchers: 0 };
      this.#shared.set(key, shared);
    }
    shared.watchers += 1;
    return shared;
  }

  #leave(shared: Shared): void {
    shared.watchers -= 1;
    if (shared.watchers > 0) return;
    const { feed } = shared;
    feed.stop();
    const key = `${feed.run} ${feed.epoch}`;
    if (this.#shared.get(key) === shared) this.#shared.delete(key);
  }
}

/** One that failed has told its watchers, and a new one may fare better. */
function isOfNoUse({ failure, isDone, record: seen }: RunFeed, record: RunRecord): boolean {
  if (failure !== undefined) return true;
  // It saw an end which the store has lost since. A record from before that end says nothing.
  return isDone && record.state === 'running' && record.now > seen.now;
}
