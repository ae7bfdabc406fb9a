import { ANONYMOUS } from '../access/authorize.js';
import type { RunOutcome, RunWriter } from '../owner/writer.js';
import type { RunsSettings } from '../settings.js';
import { pause, type Timers } from '../timers.js';

export interface RunsDrainResult {
  /** How many runs came to their end. */
  readonly settled: number;
  /** How many were given up, and start anew under their keys. */
  readonly released: number;
  /**
   * How many have no end in the store, which was away, or was not asked in time. They will be lost, unless
   * it takes their end while the process is still there.
   */
  readonly unsettled: number;
}

/** And which have ended. */
interface DrainedRuns extends RunsDrainResult {
  readonly runs: ReadonlySet<string>;
}

/** Of so many it is known that they were refused: whoever joined one meanwhile asks within moments. */
const REMEMBERED_REFUSALS = 1_000;

/** The runs whose work is in this process. */
export class OwnRuns {
  readonly #limits: Pick<RunsSettings, 'maxRunning' | 'maxRunningPerPrincipal'>;
  readonly #principals = new Map<RunWriter, string>();
  readonly #counts = new Map<string, number>();
  readonly #refused = new Set<string>();
  #draining = false;

  constructor(limits: Pick<RunsSettings, 'maxRunning' | 'maxRunningPerPrincipal'>) {
    this.#limits = limits;
  }

  get isDraining(): boolean {
    return this.#draining;
  }

  hasRoomFor(principal: string): boolean {
    if (this.#principals.size >= this.#limits.maxRunning) return false;
    // Those without a name are not one.
    if (principal === ANONYMOUS) return true;
    return (this.#counts.get(principal) ?? 0) < this.#limits.maxRunningPerPrincipal;
  }

  add(writer: RunWriter, principal: string): void {
    this.#principals.set(writer, principal);
    this.#count(principal, 1);
    void writer.outcome.then(() => {
      this.#principals.delete(writer);
      this.#count(principal, -1);
    });
  }

  /** Its key was claimed and is given back: no handler was called. */
  refuse(run: string): void {
    const [oldest] = this.#refused;
    if (oldest !== undefined && this.#refused.size >= REMEMBERED_REFUSALS) {
      this.#refused.delete(oldest);
    }
    this.#refused.add(run);
  }

  wasRefused(run: string): boolean {
    return this.#refused.has(run);
  }

  /**
   * Starts nothing more, waits for what runs, and gives up the rest. The store has `slackMs` to take that:
   * one that is away would hold the process up for longer than its platform lets it live.
   */
  async drain(timers: Timers, timeoutMs: number, slackMs: number): Promise<DrainedRuns> {
    this.#draining = true;
    const writers = [...this.#principals.keys()];
    const outcomes = new Map<RunWriter, RunOutcome>();
    const all = Promise.all(
      writers.map(async (writer) => outcomes.set(writer, await writer.outcome)),
    );
    await within(all, timers, timeoutMs);
    const rest = new Set(writers.filter((writer) => !outcomes.has(writer)));
    for (const writer of rest) void writer.release();
    if (rest.size > 0) await within(all, timers, slackMs);
    const ended = [...outcomes].filter(([, { kind }]) => kind === 'settled');
    const released = ended.filter(
      ([writer, outcome]) =>
        rest.has(writer) && outcome.kind === 'settled' && outcome.state === 'released',
    ).length;
    return {
      settled: ended.length - released,
      released,
      unsettled: writers.length - ended.length,
      runs: new Set(ended.map(([{ run }]) => run)),
    };
  }

  #count(principal: string, by: 1 | -1): void {
    const count = (this.#counts.get(principal) ?? 0) + by;
    if (count === 0) this.#counts.delete(principal);
    else this.#counts.set(principal, count);
  }
}

/** Waits for it, but no longer than this. */
async function within(work: Promise<unknown>, timers: Timers, limitMs: number): Promise<void> {
  const done = new AbortController();
  void work.then(() => done.abort());
  await pause(timers, limitMs, done.signal);
}
