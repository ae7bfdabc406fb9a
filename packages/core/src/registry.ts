import { HoldOpenError } from './errors.js';
import type { Hold } from './hold.js';
import type { UntouchedReason } from './negotiate.js';
import { MAX_TIMER_MS } from './options.js';
import { Roster, type Seat } from './roster.js';

/** Totals since the process started. */
export interface HoldCounters {
  holds: number;
  commits: number;
  beats: number;
  beatsDropped: number;
  lateSuccesses: number;
  lateErrors: number;
  lateHeadersDropped: number;
  disconnects: number;
  silences: number;
  untouched: Partial<Record<UntouchedReason, number>>;
}

export interface DrainOptions {
  /** How long holds may take to end by themselves, in milliseconds. @default 10000 */
  timeoutMs?: number;
  /** What `retry-after` tells the clients of those that did not, in seconds. @default 5 */
  retryAfterSeconds?: number;
}

export interface DrainResult {
  /** Ended by their handlers or left by their clients. */
  readonly finished: number;
  /** Ended by the drain. */
  readonly ended: number;
}

/** Timers for the drain; they may keep the process alive, since somebody awaits them. */
export interface DrainTimers {
  set(callback: () => void, delayMs: number): unknown;
  clear(handle: unknown): void;
}

const DEFAULT_DRAIN_MS = 10_000;
const DEFAULT_RETRY_AFTER_S = 5;

/** The holds of a process: how many, which, and how they end at shutdown. */
export class HoldRegistry {
  readonly counters: HoldCounters = {
    holds: 0,
    commits: 0,
    beats: 0,
    beatsDropped: 0,
    lateSuccesses: 0,
    lateErrors: 0,
    lateHeadersDropped: 0,
    disconnects: 0,
    silences: 0,
    untouched: {},
  };
  /** What a response meets that falls silent after the drain's time is over. */
  retryAfterSeconds = DEFAULT_RETRY_AFTER_S;
  /** Holds that are under keep-alive; a stream that has never been silent is none of them. */
  occupied = 0;
  readonly #holds = new Roster<Hold<never>>();
  readonly #warned = new Set<string>();
  #phase: 'open' | 'draining' | 'drained' = 'open';
  readonly #onEmpty = new Set<() => void>();

  /** How many holds are active, streams that have not been silent yet among them. */
  get size(): number {
    return this.#holds.size;
  }

  /** The process shuts down. */
  get draining(): boolean {
    return this.#phase !== 'open';
  }

  /** The drain's time is over: nothing new is held. */
  get drained(): boolean {
    return this.#phase === 'drained';
  }

  /** The holds that are active now. */
  active(): IterableIterator<Hold<never>> {
    return this.#holds[Symbol.iterator]();
  }

  /** Gives the place that the hold leaves by. */
  add(hold: Hold<never>): Seat<Hold<never>> {
    this.counters.holds += 1;
    return this.#holds.add(hold);
  }

  remove(seat: Seat<Hold<never>>): void {
    this.#holds.remove(seat);
    if (this.#holds.size > 0) return;
    for (const done of [...this.#onEmpty]) done();
  }

  countUntouched(reason: UntouchedReason): void {
    const { untouched } = this.counters;
    untouched[reason] = (untouched[reason] ?? 0) + 1;
  }

  /** True the first time for a key, and for a bounded number of keys. */
  firstTime(key: string): boolean {
    if (this.#warned.has(key) || this.#warned.size >= 1_000) return false;
    this.#warned.add(key);
    return true;
  }

  /**
   * Ends all holds for a shutdown. GET event streams end at once, with a `retry` that spreads their
   * clients; all others may take `timeoutMs` to end by themselves, then they end with a late 503 and
   * `retry-after`. Responses that fall silent afterwards get a plain 503. Call it after
   * `server.close()` and before `process.exit()`.
   * @throws HoldOpenError if an option is wrong.
   */
  async drain(timers: DrainTimers, options: DrainOptions = {}): Promise<DrainResult> {
    const { timeoutMs, retryAfterSeconds } = drainOptions(options);
    const before = this.#holds.size;
    this.#phase = 'draining';
    this.retryAfterSeconds = retryAfterSeconds;
    let ended = 0;
    ended += this.#drainAll(timeoutMs, retryAfterSeconds);
    await this.#emptyOrTimeout(timers, timeoutMs);
    this.#phase = 'drained';
    ended += this.#drainAll(0, retryAfterSeconds);
    return { finished: Math.max(0, before - ended), ended };
  }

  /** Hold again after a drain, for tests and for servers that start anew in the same process. */
  reopen(): void {
    this.#phase = 'open';
  }

  /** Gives how many were ended. One that cannot be must not keep the others from it. */
  #drainAll(patienceMs: number, retryAfterSeconds: number): number {
    let ended = 0;
    for (const hold of this.#holds) {
      try {
        if (hold.drain(patienceMs, retryAfterSeconds)) ended += 1;
      } catch {
        // Some user's code failed on the way. The hold is over, and has told of it.
        ended += 1;
      }
    }
    return ended;
  }

  #emptyOrTimeout(timers: DrainTimers, timeoutMs: number): Promise<void> {
    if (this.#holds.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        timers.clear(timer);
        this.#onEmpty.delete(done);
        resolve();
      };
      const timer = timers.set(done, timeoutMs);
      this.#onEmpty.add(done);
    });
  }
}

function drainOptions(given: unknown): Required<DrainOptions> {
  if (Object.prototype.toString.call(given) !== '[object Object]') {
    throw new HoldOpenError(
      'HOLDOPEN_INVALID_OPTION',
      `The options of drain must be an object, such as { timeoutMs: 10000 }, not ${String(given)}.`,
      { given },
    );
  }
  const options = given as DrainOptions;
  for (const name of Object.keys(options)) {
    if (name === 'timeoutMs' || name === 'retryAfterSeconds') continue;
    throw new HoldOpenError(
      'HOLDOPEN_UNKNOWN_OPTION',
      `drain has no option ${JSON.stringify(name)}. It has: timeoutMs, retryAfterSeconds.`,
      { option: name, given: Reflect.get(options, name) },
    );
  }
  const { timeoutMs = DEFAULT_DRAIN_MS, retryAfterSeconds = DEFAULT_RETRY_AFTER_S } = options;
  checkNumber('timeoutMs', timeoutMs, timeoutMs >= 0, 'a number');
  // RFC 9110 section 10.2.3: whole seconds.
  const isWhole = Number.isInteger(retryAfterSeconds) && retryAfterSeconds >= 0;
  checkNumber('retryAfterSeconds', retryAfterSeconds, isWhole, 'a whole number');
  return { timeoutMs, retryAfterSeconds };
}

function checkNumber(name: string, given: unknown, fits: boolean, kind: string): void {
  if (typeof given === 'number' && fits && given <= MAX_TIMER_MS) return;
  throw new HoldOpenError(
    'HOLDOPEN_INVALID_OPTION',
    `drain: ${name} must be ${kind} from 0 to ${MAX_TIMER_MS}; it was ${String(given)}.`,
    { option: name, given },
  );
}
