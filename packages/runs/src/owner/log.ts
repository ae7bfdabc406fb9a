import { isInTheClear, seal } from '../codec.js';
import { type EndEntry, encodeEntry } from '../entry.js';
import { isTransient, mayPass, RunError } from '../errors.js';
import { insist, within } from '../insist.js';
import type { RunRecord, RunStore, WriteAnswer } from '../store.js';
import type { Timers } from '../timers.js';
import type { OwnerSettings } from './options.js';
import type { Batch } from './window.js';

/** The log as its owner writes it: sealed, asked for until the store answers, and where its tail is. */
export class OwnedLog {
  readonly #store: RunStore;
  readonly #claimed: RunRecord;
  readonly #settings: OwnerSettings;
  readonly #timers: Timers;
  readonly #over: AbortSignal;
  /** The last offset that the store acknowledged. */
  tail: number;
  /** The last offset that was ever on its way. */
  sent: number;
  /** As the store counts them, so with what sealing adds. */
  storedBytes: number;

  constructor(
    store: RunStore,
    claimed: RunRecord,
    settings: OwnerSettings,
    timers: Timers,
    over: AbortSignal,
  ) {
    this.#store = store;
    this.#claimed = claimed;
    this.#settings = settings;
    this.#timers = timers;
    this.#over = over;
    this.tail = claimed.tail;
    this.sent = claimed.tail;
    this.storedBytes = claimed.logBytes;
  }

  /** @throws RunError `store_away`, `seal_failed` */
  async append({ entries, head }: Batch): Promise<WriteAnswer> {
    const { run, fence } = this.#claimed;
    const { storeAwayMs } = this.#settings;
    this.sent = this.tail + entries.length;
    // Sealed once: what is appended again must be the same bytes.
    const request = {
      run,
      fence,
      expectedTail: this.tail,
      entries: await Promise.all(entries.map((bytes) => this.#seal(bytes))),
      head: head === undefined ? undefined : await this.#seal(head),
    };
    const answer = await this.#insist('append', () => this.#store.append(request), storeAwayMs);
    if (answer.ok) {
      this.tail = answer.record.tail;
      this.storedBytes = answer.record.logBytes;
    }
    return answer;
  }

  /** @throws RunError `store_away`, `seal_failed` */
  async settle(end: EndEntry, awayMs: number): Promise<WriteAnswer> {
    const { run, fence } = this.#claimed;
    const { retentionMs } = this.#settings;
    const entry = encodeEntry(end);
    const request = {
      run,
      fence,
      expectedTail: this.tail,
      entry: isInTheClear(end) ? entry : await this.#seal(entry),
      state: end.state,
      retentionMs,
      // The run is to be cancelled: all other ends yield, but those that are no answer to that.
      unlessCancelled: end.state !== 'cancelled' && !isInTheClear(end),
    };
    return this.#insist('settle', () => this.#store.settle(request), awayMs);
  }

  /** A codec may ask a service for its keys, which may be away for as long as a store, and no longer. */
  async #seal(bytes: Uint8Array): Promise<Uint8Array> {
    const { codec, storeAwayMs } = this.#settings;
    if (codec === undefined) return bytes;
    const { run } = this.#claimed;
    const patience = { timers: this.#timers, signal: this.#over };
    try {
      return await within(() => seal(codec, bytes, run), storeAwayMs, patience);
    } catch (cause) {
      const when = isTransient(cause) ? ` within ${storeAwayMs} ms` : '';
      throw new RunError('seal_failed', `seal gave nothing${when}.`, {
        run,
        cause: when === '' ? cause : undefined,
      });
    }
  }

  #insist(
    operation: 'append' | 'settle',
    attempt: () => Promise<WriteAnswer>,
    awayMs: number,
  ): Promise<WriteAnswer> {
    const { run } = this.#claimed;
    const patience = { timers: this.#timers, awayMs, signal: this.#over, mayPass };
    return insist(attempt, { operation, run, ...patience });
  }
}
