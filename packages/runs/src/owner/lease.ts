import { isTransient } from '../errors.js';
import { within } from '../insist.js';
import { OVER } from '../over.js';
import type { RefusalReason, RunRecord, WriteAnswer } from '../store.js';
import type { Timers } from '../timers.js';

export interface LeaseEvents {
  /** Each answer of the store. */
  renewed(record: RunRecord, askedAt: number, pace: RenewalPace): void;
  /** One attempt failed. */
  failed(error: unknown): void;
  /** The store says that the run is not ours, or it was away until the grace was over. */
  lost(reason: RefusalReason | 'away'): void;
}

/** How well a lease is kept, in milliseconds. */
export interface RenewalPace {
  /** From when it was due until the store had it. */
  readonly lagMs: number;
  /** What was left of lease and grace then. */
  readonly leftMs: number;
}

export interface LeaseTimes {
  readonly leaseMs: number;
  readonly graceMs: number;
}

/** Renews a lease at a third of its length, and says when it is lost. */
export class LeaseKeeper {
  readonly #renew: () => Promise<WriteAnswer>;
  readonly #times: LeaseTimes;
  readonly #timers: Timers;
  readonly #events: LeaseEvents;
  /** By our own clock, counted from before the store was asked: never later than the store's. */
  #endsAt: number;
  #dueAt: number;
  #timer: unknown;
  #deadline: unknown;
  readonly #over = new AbortController();
  #asking = false;

  constructor(
    renew: () => Promise<WriteAnswer>,
    times: LeaseTimes,
    timers: Timers,
    claimedAt: number,
    events: LeaseEvents,
  ) {
    this.#renew = renew;
    this.#times = times;
    this.#timers = timers;
    this.#events = events;
    this.#endsAt = claimedAt + times.leaseMs + times.graceMs;
    this.#dueAt = timers.now() + times.leaseMs / 3;
    this.#wait(times.leaseMs / 3);
    this.#watchDeadline();
  }

  /** How much longer the run is ours if the store is not heard of again. */
  get remainingMs(): number {
    return this.#endsAt - this.#timers.now();
  }

  /** Renews now, for what else its answer says. */
  ask(): void {
    if (this.#over.signal.aborted || this.#asking) return;
    this.#timers.clear(this.#timer);
    this.#dueAt = this.#timers.now();
    void this.#attempt();
  }

  stop(): void {
    this.#over.abort(OVER);
    this.#timers.clear(this.#timer);
    this.#timers.clear(this.#deadline);
  }

  async #attempt(): Promise<void> {
    this.#asking = true;
    const askedAt = this.#timers.now();
    let answer: WriteAnswer | undefined;
    let away = true;
    try {
      // A socket may be dead without saying so.
      answer = await within(this.#renew, this.#times.leaseMs / 3, {
        timers: this.#timers,
        signal: this.#over.signal,
      });
    } catch (error) {
      away = isTransient(error);
      if (!this.#over.signal.aborted) this.#events.failed(error);
    }
    this.#asking = false;
    if (this.#over.signal.aborted) return;
    if (answer?.ok === false) {
      this.stop();
      this.#events.lost(answer.reason);
      return;
    }
    if (answer === undefined) {
      // An error that is none of the store's being away may still be gone the next time.
      this.#wait(Math.min(1_000, this.#times.leaseMs / (away ? 10 : 3)));
      return;
    }
    const now = this.#timers.now();
    const pace = { lagMs: Math.max(0, now - this.#dueAt), leftMs: this.#endsAt - now };
    this.#endsAt = askedAt + this.#times.leaseMs + this.#times.graceMs;
    this.#watchDeadline();
    this.#dueAt = now + this.#times.leaseMs / 3;
    this.#wait(this.#times.leaseMs / 3);
    this.#events.renewed(answer.record, askedAt, pace);
  }

  #wait(delayMs: number): void {
    this.#timer = this.#timers.set(() => void this.#attempt(), delayMs);
  }

  /** A timer of its own: a store that never answers would stop the loop. */
  #watchDeadline(): void {
    this.#timers.clear(this.#deadline);
    this.#deadline = this.#timers.set(() => {
      this.stop();
      this.#events.lost('away');
    }, this.remainingMs);
  }
}
