import { factsOf, runEvents, tellStoreFailure } from '../diagnostics.js';
import {
  type ChunkEntry,
  type EndEntry,
  type EventEntry,
  encodeEntry,
  encodeHead,
  type RunHead,
} from '../entry.js';
import { RunError, type RunErrorCode } from '../errors.js';
import { OVER } from '../over.js';
import type { RefusalReason, RunRecord, RunStore, SettledState } from '../store.js';
import type { Timers } from '../timers.js';
import { CancelWatch } from './cancel-watch.js';
import { cancelledEnd, failedEnd, lostLogEnd, type ReleaseCode, releasedEnd } from './ends.js';
import { LeaseKeeper, type RenewalPace } from './lease.js';
import { OwnedLog } from './log.js';
import type { OwnerSettings } from './options.js';
import * as why from './reasons.js';
import { Silence } from './silence.js';
import { AppendWindow, type Batch } from './window.js';

/** How a run came to its end, as far as its owner knows. */
export type RunOutcome =
  | { readonly kind: 'settled'; readonly state: SettledState }
  /** The store did not take the end, or another owns the run. It is, or will be, lost. */
  | { readonly kind: 'orphaned'; readonly error: RunError };

/** What the handler's answer came to. */
export type RunEnding = Omit<EndEntry, 'kind' | 'state'> & {
  readonly state: 'completed' | 'failed' | 'released';
};

/** `open` takes entries; in `ending` the end is chosen, and goes out behind the last entry. */
type Phase = 'open' | 'ending' | 'ended';

/** Each refusal tells the true tail, so one more is enough; a store that goes on refusing is broken. */
const MAX_SETTLE_ATTEMPTS = 4;

/**
 * The owner's side of a run: entries go to the store in order, a batch at a time; the lease is kept;
 * and the signal fires when the work is in vain.
 */
export class RunWriter {
  readonly run: string;
  readonly #claimed: RunRecord;
  readonly #claimedAt: number;
  readonly #settings: OwnerSettings;
  readonly #timers: Timers;
  readonly #window: AppendWindow;
  readonly #log: OwnedLog;
  readonly #lease: LeaseKeeper;
  readonly #cancel: CancelWatch;
  readonly #silence: Silence;
  /** Fires for the handler. */
  readonly #work = new AbortController();
  /** Fires for what waits for the store, when its answer does not matter any more. */
  readonly #over = new AbortController();
  readonly #outcome: Promise<RunOutcome>;
  #resolve: (outcome: RunOutcome) => void = () => {};
  #phase: Phase = 'open';
  #end: EndEntry | undefined;
  #hasHead = false;
  #pumping = false;
  #settleAttempts = 0;

  /** `claimedAt` is our own clock just before the claim was sent. */
  constructor(
    store: RunStore,
    claimed: RunRecord,
    claimedAt: number,
    settings: OwnerSettings,
    timers: Timers,
  ) {
    const { run, fence, graceMs } = claimed;
    const { leaseMs, retentionMs, cancelGraceMs, maxSilenceMs } = settings;
    this.run = run;
    this.#claimed = claimed;
    this.#claimedAt = claimedAt;
    this.#settings = settings;
    this.#timers = timers;
    this.#outcome = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#window = new AppendWindow(settings.windowBytes);
    this.#log = new OwnedLog(store, claimed, settings, timers, this.#over.signal);
    this.#cancel = new CancelWatch(store, run, timers, cancelGraceMs, {
      ask: () => this.#lease.ask(),
      wished: () => this.#work.abort(why.cancelled(run)),
      overdue: () => this.#choose(cancelledEnd()),
    });
    this.#silence = new Silence(timers, maxSilenceMs, () => {
      // What is being ended waits for the store, and not for the handler.
      if (this.isOpen) this.#fail('silent_too_long', why.silentTooLong(maxSilenceMs));
    });
    const renew = () => store.renew({ run, fence, leaseMs, retentionMs });
    this.#lease = new LeaseKeeper(renew, { leaseMs, graceMs }, timers, claimedAt, {
      renewed: (record, askedAt, pace) => {
        this.#tellRenewed(pace);
        this.#cancel.heard(record, askedAt);
      },
      failed: (error) => tellStoreFailure({ operation: 'renew', run }, error),
      lost: (reason) => {
        // That may be our own end, whose answer is on its way.
        if (reason !== 'settled' || this.#phase === 'open') this.#leaseLost(reason);
      },
    });
    this.#cancel.heard(claimed, timers.now());
  }

  /** Fires when the run is cancelled, fails, or is not ours any more. Its reason is a `RunError`. */
  get signal(): AbortSignal {
    return this.#work.signal;
  }

  /** Resolves when the run is at its end; never rejects. */
  get outcome(): Promise<RunOutcome> {
    return this.#outcome;
  }

  /** Whether what is written still counts. */
  get isOpen(): boolean {
    return this.#phase === 'open';
  }

  /** The handler gives a sign of life, for `maxSilenceMs`. */
  touch(): void {
    this.#silence.broken();
  }

  /** The handler's head. Only the first one counts. */
  head(head: RunHead): void {
    if (this.#phase !== 'open' || this.#hasHead) return;
    this.#hasHead = true;
    this.touch();
    const bytes = encodeHead(head);
    if (!this.#fits(bytes)) return;
    this.#window.putHead(bytes);
    void this.#pump();
  }

  /**
   * `false`: wait for `drained()` before writing more. What is written all the same is kept until the
   * log is full. After the end it is dropped.
   */
  write(entry: EventEntry | ChunkEntry): boolean {
    if (this.#phase !== 'open') return false;
    this.touch();
    const bytes = encodeEntry(entry);
    if (!this.#fits(bytes)) return false;
    this.#window.put(bytes);
    void this.#pump();
    return this.#window.isOpen;
  }

  /**
   * So many bytes wait where the handler wrote them, since it does not wait for `drained()`. `false` if
   * they are more than the log may have, or nothing is taken any more.
   */
  queued(bytes: number): boolean {
    if (this.isOpen) this.#makeSureOfRoom(bytes);
    return this.isOpen;
  }

  /** Resolves when there is room, or nothing is taken any more. */
  drained(): Promise<void> {
    return this.#window.drained();
  }

  /** The handler is done. A run that somebody cancelled by then is cancelled. */
  end(ending: RunEnding): Promise<RunOutcome> {
    this.#choose(this.#cancel.isWished ? cancelledEnd() : { kind: 'end', ...ending });
    return this.#outcome;
  }

  /**
   * The process gives the run up, so that its key starts it anew elsewhere: the signal fires first, for
   * the work must not go on in two places. What has ended already stays as it is.
   */
  release(code: ReleaseCode = 'drained'): Promise<RunOutcome> {
    if (this.#phase === 'open') {
      const end = this.#cancel.isWished ? cancelledEnd() : releasedEnd(code);
      this.#fail(code, why.RELEASED[code], undefined, end);
    }
    return this.#outcome;
  }

  #fits({ length }: Uint8Array): boolean {
    const { maxEntryBytes } = this.#settings;
    if (length > maxEntryBytes) {
      this.#fail('entry_too_large', why.entryTooLarge(length, maxEntryBytes));
    } else this.#makeSureOfRoom(length);
    return this.#phase === 'open';
  }

  /** Fails the run if the log would be too large. */
  #makeSureOfRoom(bytes: number): void {
    const { maxLogBytes } = this.#settings;
    if (this.#log.storedBytes + this.#window.bytes + bytes <= maxLogBytes) return;
    this.#fail('log_full', why.logFull(maxLogBytes));
  }

  #choose(end: EndEntry): void {
    if (this.#phase !== 'open') return;
    this.#phase = 'ending';
    this.#end = end;
    void this.#pump();
  }

  /** The work is in vain, and the store is to be told so. Replaces an end that is not out yet. */
  #fail(code: RunErrorCode, message: string, cause?: unknown, end = failedEnd(code)): void {
    if (this.#phase === 'ended') return;
    this.#phase = 'ending';
    this.#end = end;
    void this.#pump();
    this.#work.abort(new RunError(code, message, { run: this.run, cause }));
  }

  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    while (this.#phase !== 'ended') {
      const batch = this.#window.take();
      if (batch !== undefined) await this.#append(batch);
      else if (this.#end !== undefined) await this.#settle(this.#end);
      else break;
    }
    this.#pumping = false;
  }

  async #append(batch: Batch): Promise<void> {
    const askedAt = this.#timers.now();
    try {
      const answer = await this.#log.append(batch);
      if (!answer.ok) {
        this.#refused(answer.reason, answer.record);
        return;
      }
      this.#tellAppended(batch, askedAt);
      this.#window.acknowledge();
      this.#cancel.heard(answer.record, askedAt);
    } catch (error) {
      this.#window.clear();
      if (isOfCodec(error)) this.#fail('seal_failed', why.SEAL_FAILED, error);
      else this.#fail('store_away', why.STORE_AWAY, error);
    }
  }

  async #settle(end: EndEntry): Promise<void> {
    this.#settleAttempts += 1;
    // The work is done: it would be a pity to give up before the lease does.
    const awayMs = Math.max(this.#settings.storeAwayMs, this.#lease.remainingMs);
    try {
      const answer = await this.#log.settle(end, awayMs);
      if (answer.ok) this.#finish({ kind: 'settled', state: end.state });
      else this.#refused(answer.reason, answer.record);
    } catch (error) {
      // That end needs no seal.
      if (isOfCodec(error)) this.#fail('seal_failed', why.SEAL_FAILED, error);
      else this.#orphan(why.endNotTaken(this.run, error));
    }
  }

  #refused(reason: RefusalReason, record: RunRecord | undefined): void {
    if (reason === 'full') {
      this.#window.clear();
      this.#fail('log_full', why.STORE_FULL);
    } else if (reason === 'cancelled') {
      // Whoever asked was told that it would be.
      this.#fail('cancelled', why.cancelled(this.run).message, undefined, cancelledEnd());
    } else if (reason !== 'tail' || record === undefined) {
      this.#leaseLost(reason);
    } else if (this.#settleAttempts >= MAX_SETTLE_ATTEMPTS) {
      this.#orphan(why.endNotTaken(this.run, undefined));
    } else {
      this.#moveTail(record.tail);
    }
  }

  /** The log in the store is not as we believed. */
  #moveTail(tail: number): void {
    const { tail: acknowledged, sent } = this.#log;
    this.#log.tail = tail;
    // An append whose answer never came had arrived after all; the end goes behind it.
    if (this.#settleAttempts > 0 && tail > acknowledged && tail <= sent) return;
    this.#window.clear();
    this.#fail('store_rolled_back', why.rolledBack(tail), undefined, lostLogEnd());
  }

  #leaseLost(reason: RefusalReason | 'away'): void {
    this.#orphan(why.leaseLost(this.run, reason));
  }

  #orphan(error: RunError): void {
    if (this.#phase === 'ended') return;
    this.#finish({ kind: 'orphaned', error });
    this.#work.abort(error);
  }

  #finish(outcome: RunOutcome): void {
    this.#phase = 'ended';
    this.#lease.stop();
    this.#cancel.stop();
    this.#silence.stop();
    this.#over.abort(OVER);
    this.#window.clear();
    this.#tellEnd(outcome);
    this.#resolve(outcome);
  }

  #tellRenewed(pace: RenewalPace): void {
    if (!runEvents.wants('run-renew')) return;
    runEvents.notify({ type: 'run-renew', run: factsOf(this.#claimed), ...pace });
  }

  #tellAppended({ entries, bytes }: Batch, askedAt: number): void {
    if (!runEvents.wants('run-append')) return;
    const lagMs = this.#timers.now() - askedAt;
    const run = factsOf(this.#claimed);
    runEvents.notify({ type: 'run-append', run, lagMs, entries: entries.length, bytes });
  }

  #tellEnd(outcome: RunOutcome): void {
    // Work that was never begun has no start either.
    if (this.#end?.code === 'not_started' || !runEvents.wants('run-end')) return;
    const isSettled = outcome.kind === 'settled';
    runEvents.notify({
      type: 'run-end',
      run: factsOf(this.#claimed),
      state: isSettled ? outcome.state : 'lost',
      status: isSettled ? this.#end?.status : undefined,
      code: isSettled ? this.#end?.code : outcome.error.code,
      ranMs: this.#timers.now() - this.#claimedAt,
      logBytes: this.#log.storedBytes,
    });
  }
}

function isOfCodec(error: unknown): boolean {
  return error instanceof RunError && error.code === 'seal_failed';
}
