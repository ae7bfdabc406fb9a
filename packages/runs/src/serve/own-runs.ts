import { ANONYMOUS } from '../access/authorize.js';
import type { RunWriter } from '../owner/writer.js';
import type { RunsSettings } from '../settings.js';
import { pause, type Timers } from '../timers.js';

export interface RunsDrainResult {
  /** How many runs came to their end. */
  readonly settled: number;
  /** How many were given up, and start anew under their keys. */
  readonly released: number;
}

/** And which they were. */
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

  /** Starts nothing more, waits for what runs, and gives up the rest. */
  async drain(timers: Timers, timeoutMs: number): Promise<DrainedRuns> {
    this.#draining = true;
    const writers = [...this.#principals.keys()];
    const done = new AbortController();
    const all = Promise.all(writers.map((writer) => writer.outcome)).then(() => done.abort());
    await Promise.race([all, pause(timers, timeoutMs, done.signal)]);
    const rest = [...this.#principals.keys()];
    await Promise.all(rest.map((writer) => writer.release()));
    const outcomes = await Promise.all(rest.map((writer) => writer.outcome));
    const released = outcomes.filter(
      (outcome) => outcome.kind === 'settled' && outcome.state === 'released',
    ).length;
    const runs = new Set(writers.map(({ run }) => run));
    return { settled: writers.length - released, released, runs };
  }

  #count(principal: string, by: 1 | -1): void {
    const count = (this.#counts.get(principal) ?? 0) + by;
    if (count === 0) this.#counts.delete(principal);
    else this.#counts.set(principal, count);
  }
}
