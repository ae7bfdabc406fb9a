import type { Runtime } from '../runtime.js';
import { Failure } from '../transport/failure.js';
import { hasSlept, onVisible } from './wake.js';

/** On top of two intervals: a busy server's timers, and the way. */
export const SLACK_MS = 2_000;
/** Hops may gather beats. Until some were seen to come one by one, silence is no sign before this. */
export const UNPROVEN_SILENCE_MS = 60_000;
/** So many of them prove it. */
const PROOFS = 2;
/** A beat is no larger, its padding aside. */
const MAX_BEAT_BYTES = 256;
/** How often is looked at the clock, so that sleep is noticed soon. */
const TICK_MS = 5_000;

export interface WatchdogEvents {
  /** Half of the patience is used up, or something came after all. */
  silent(isSilent: boolean, silenceMs: number): void;
  /** The machine or the tab has slept: what is silent now has not been listened to. */
  woke(): void;
  /** Nothing came for too long. */
  stalled(): void;
}

/**
 * Times the silence of one exchange. It counts only while somebody waits for bytes, so that a consumer
 * who takes his time is no stall, and any byte is a sign of life.
 */
export class Watchdog {
  /** What the server announced. Without it only the long limit counts. */
  intervalMs: number | undefined;
  readonly #runtime: Runtime;
  readonly #maxSilenceMs: number;
  readonly #events: WatchdogEvents;
  #stopListening: (() => void) | undefined;
  #atBoundary = false;
  #proofs = 0;
  /** Since when somebody waits; `undefined` while nobody does. */
  #since: number | undefined;
  /** What slept is given this long. */
  #graceUntil = 0;
  #isSilent = false;
  #timer: unknown;
  #timerDue = Number.POSITIVE_INFINITY;
  #fail: ((failure: Failure) => void) | undefined;

  constructor(
    runtime: Runtime,
    intervalMs: number | undefined,
    maxSilenceMs: number,
    events: WatchdogEvents,
  ) {
    this.#runtime = runtime;
    this.intervalMs = intervalMs;
    this.#maxSilenceMs = maxSilenceMs;
    this.#events = events;
  }

  /** How long nothing has come. */
  get silenceMs(): number {
    return this.#since === undefined ? 0 : Math.max(0, this.#runtime.now() - this.#since);
  }

  /** Watches while the promise is pending; rejects with a {@link Failure} if it stalls. */
  guard<Value>(pending: Promise<Value>): Promise<Value> {
    this.#since = this.#runtime.now();
    this.#stopListening ??= onVisible(() => this.#tick());
    this.#arm(this.#since);
    return new Promise((resolve, reject) => {
      this.#fail = reject;
      pending.then(resolve, reject);
    });
  }

  /** Bytes came, or the head did, and the body stands there now. */
  fed(length: number, atBoundary: boolean): void {
    const { intervalMs } = this;
    const gapMs = this.silenceMs;
    this.#atBoundary = atBoundary;
    this.#since = undefined;
    if (this.#isSilent) this.#setSilent(false, 0);
    const isTimely = intervalMs !== undefined && gapMs >= intervalMs / 2 && gapMs < intervalMs * 2;
    if (isTimely && atBoundary && length > 0 && length <= MAX_BEAT_BYTES) this.#proofs += 1;
  }

  /** It is known that nothing will come any more. */
  bite(): void {
    if (this.#since === undefined) return;
    this.#events.stalled();
    this.#fail?.(new Failure('stalled', true));
  }

  /** The exchange is over, however it ended. */
  stop(): void {
    this.#runtime.clear(this.#timer);
    this.#timerDue = Number.POSITIVE_INFINITY;
    this.#since = undefined;
    this.#rest();
  }

  /** Nobody waits: what nobody reads is not to be kept by a page. */
  #rest(): void {
    this.#stopListening?.();
    this.#stopListening = undefined;
  }

  get #limitMs(): number {
    if (this.intervalMs === undefined || !this.#atBoundary) return this.#maxSilenceMs;
    const announced = 2 * this.intervalMs + SLACK_MS;
    const proven = this.#proofs >= PROOFS ? announced : Math.max(announced, UNPROVEN_SILENCE_MS);
    return Math.min(proven, this.#maxSilenceMs);
  }

  #arm(now: number): void {
    const dueMs = Math.min(now + TICK_MS, Math.max(this.#deadline(now), now + 1));
    // One timer serves many chunks: it looks at the time when it comes.
    if (dueMs >= this.#timerDue - 1) return;
    this.#runtime.clear(this.#timer);
    this.#timerDue = dueMs;
    this.#timer = this.#runtime.set(() => this.#tick(), dueMs - now);
  }

  /** When there is something to say next. */
  #deadline(now: number): number {
    const limitMs = this.#isSilent ? this.#limitMs : this.#limitMs / 2;
    return Math.max((this.#since ?? now) + limitMs, this.#graceUntil);
  }

  #tick(): void {
    const now = this.#runtime.now();
    const slept = hasSlept(this.#timerDue, now);
    this.#timerDue = Number.POSITIVE_INFINITY;
    this.#runtime.clear(this.#timer);
    if (this.#since === undefined) {
      this.#rest();
      return;
    }
    // A clock that was set back says nothing of silence.
    if (now < this.#since) this.#since = now;
    if (slept) {
      this.#graceUntil = now + Math.min((this.intervalMs ?? TICK_MS) + SLACK_MS, this.#limitMs);
      this.#events.woke();
    }
    const silenceMs = now - this.#since;
    if (now >= this.#graceUntil) {
      if (silenceMs >= this.#limitMs) {
        this.bite();
        return;
      }
      if (!this.#isSilent && silenceMs >= this.#limitMs / 2) this.#setSilent(true, silenceMs);
    }
    this.#arm(now);
  }

  #setSilent(isSilent: boolean, silenceMs: number): void {
    this.#isSilent = isSilent;
    this.#events.silent(isSilent, silenceMs);
  }
}
