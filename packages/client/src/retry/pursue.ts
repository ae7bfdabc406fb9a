import type { Call } from '../call.js';
import { Failure } from '../transport/failure.js';
import { backoffMs } from './backoff.js';
import { isOffline, MAX_TIMER_MS, pause } from './pause.js';
import { mayFollow } from './policy.js';

/** An answer that asks to come back. If that is not to be, it is what the user gets. */
export class ComeBack<Value> {
  readonly afterMs: number | undefined;
  readonly instead: () => Value | Promise<Value>;
  readonly drop: () => Promise<void>;

  constructor(
    afterMs: number | undefined,
    instead: () => Value | Promise<Value>,
    drop: () => Promise<void>,
  ) {
    this.afterMs = afterMs;
    this.instead = instead;
    this.drop = drop;
  }
}

/**
 * A connection that held so long was a good one, and what breaks then is a new trouble: where the work
 * goes on without it. Where it is begun again each time, beats bring it no nearer to its end.
 */
const STABLE_MS = 10_000;

/** Of a pause so much is spent at most on asking for the run. */
const MAX_PAUSE_ASKING_MS = 2_000;

/** Counts failures in a row, and says how long to wait after each. */
export class Patience {
  /** What the server wants a stream to be asked for again after. */
  retryMs = 0;
  readonly #call: Call;
  #failures = 0;
  #begunAt = 0;

  constructor(call: Call) {
    this.#call = call;
  }

  /** An attempt begins. */
  begin(): void {
    this.#begunAt = this.#call.runtime.now();
  }

  /** Something came of it: whatever fails next is a new trouble. */
  renew(): void {
    this.#failures = 0;
    this.#call.credentials.accepted();
  }

  /** `undefined` if it is over. `askedMs`: `Retry-After`. */
  delayMs(askedMs: number | undefined): number | undefined {
    const { settings, runtime } = this.#call;
    this.#failures += 1;
    if (this.#failures >= settings.maxAttempts) return undefined;
    const random = runtime.random();
    const ownMs = Math.max(backoffMs(this.#failures, settings, random), this.retryMs);
    if (askedMs !== undefined && askedMs > settings.maxRetryAfterMs) return undefined;
    const delayMs = askedMs === undefined ? ownMs : askedMs + random * settings.baseMs;
    return Math.min(delayMs, MAX_TIMER_MS);
  }

  /** What broke had held for so long that it was a good connection. */
  isStable({ bytes, silenceMs }: Failure): boolean {
    const livedMs = this.#call.runtime.now() - this.#begunAt - silenceMs;
    return bytes !== undefined && livedMs >= STABLE_MS;
  }

  /** Waits after a failure. Throws its error if nothing may follow. */
  async after(failure: Failure): Promise<void> {
    const call = this.#call;
    if (call.goesOn && this.isStable(failure)) this.renew();
    const mayGoOn = mayFollow(call.sendable, failure);
    if (mayGoOn && isOffline() && call.settings.maxAttempts > 1) {
      call.report({ state: 'reconnecting' });
      return this.wait(call.settings.maxMs, true);
    }
    const delayMs = mayGoOn ? this.delayMs(undefined) : undefined;
    if (delayMs === undefined) throw await call.giveUp(failure);
    call.report({ state: 'reconnecting', delayMs });
    // Who never reached the server need not ask it.
    const askedAt = call.runtime.now();
    const run = failure.mayHaveRun ? await call.askRun(MAX_PAUSE_ASKING_MS) : undefined;
    // It answers: there is no need to spare it, but for chance.
    const isThere = run?.state !== undefined;
    const pauseMs = isThere ? Math.min(delayMs, this.retryMs || delayMs / 4) : delayMs;
    // A clock that was set back makes it no longer.
    await this.wait(pauseMs - Math.max(0, call.runtime.now() - askedAt), true);
  }

  wait(ms: number, untilOnline: boolean): Promise<void> {
    return pause(this.#call.runtime, ms, this.#call.signal, untilOnline);
  }
}

/** Attempt after attempt, until one gives a value or no other may follow. */
export async function pursue<Value>(
  call: Call,
  patience: Patience,
  attempt: () => Promise<Value | ComeBack<Value>>,
): Promise<Value> {
  for (;;) {
    patience.begin();
    try {
      const result = await attempt();
      if (!(result instanceof ComeBack)) return result;
      const delayMs = patience.delayMs(result.afterMs);
      if (delayMs === undefined) return await result.instead();
      await result.drop();
      call.report({ state: 'reconnecting', delayMs });
      await patience.wait(delayMs, false);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      await patience.after(error);
    }
  }
}
