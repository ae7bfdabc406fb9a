import { encodeEntry, lostEntry } from '../entry.js';
import { newEpoch, newRunId } from '../run-id.js';
import type {
  ClaimAnswer,
  ClaimRequest,
  RunRecord,
  RunStore,
  SettledState,
  StoredEntry,
  WriteAnswer,
} from '../store.js';
import { systemRandom } from '../timers.js';

/** A store to be checked, freshly opened and empty. */
export interface ConformanceSubject {
  readonly store: RunStore;
  /** A second process's handle on the same data; the same store where there is none. */
  readonly another?: RunStore | undefined;
  /**
   * Lets this much of the store's time pass. A store with a clock of its own just sleeps.
   */
  passTime(ms: number): Promise<void>;
  /**
   * The length of one step of time in the checks, in milliseconds. Above the store's inaccuracy.
   * @default 1000
   */
  readonly unitMs?: number | undefined;
  /**
   * Remembers the data as it is; the function brings it back, as a crash does that loses the latest
   * writes. Checks that need it are skipped where it is missing.
   */
  snapshot?(): Promise<() => Promise<void>>;
  /** A store of its own that holds no more than this; such checks are skipped where it is missing. */
  bounded?(limits: { maxRuns: number; maxBytes: number }): Promise<RunStore>;
  close?(): Promise<void>;
}

/** What the checks are written in. */
export class Bench {
  readonly subject: ConformanceSubject;
  readonly store: RunStore;
  readonly another: RunStore;
  readonly unitMs: number;
  readonly #slot = newEpoch(systemRandom).padEnd(22, 'k');

  constructor(subject: ConformanceSubject) {
    this.subject = subject;
    this.store = subject.store;
    this.another = subject.another ?? subject.store;
    this.unitMs = subject.unitMs ?? 1_000;
  }

  /** A claim of the bench's one key, or of another with a slot of its own. */
  request(more: Partial<ClaimRequest> & { slot?: string } = {}): ClaimRequest {
    const { slot = this.#slot, ...rest } = more;
    return {
      run: newRunId(slot, systemRandom, this.store.instance),
      epoch: newEpoch(systemRandom),
      principal: 'somebody',
      route: 'POST /work',
      fingerprint: 'payload',
      leaseMs: 4 * this.unitMs,
      graceMs: 2 * this.unitMs,
      retentionMs: 20 * this.unitMs,
      restart: ['released'],
      ...rest,
    };
  }

  async start(more: Parameters<Bench['request']>[0] = {}): Promise<RunRecord> {
    const answer = await this.store.claim(this.request(more));
    expectThat(answer.outcome === 'started', 'a first claim is answered as started', answer);
    return answer.record;
  }

  append(
    { run, fence }: Pick<RunRecord, 'run' | 'fence'>,
    expectedTail: number,
    entries: readonly Uint8Array[],
    head?: Uint8Array,
  ): Promise<WriteAnswer> {
    return this.store.append({ run, fence, expectedTail, entries, head });
  }

  settle(
    { run, fence }: Pick<RunRecord, 'run' | 'fence'>,
    expectedTail: number,
    state: SettledState = 'completed',
    retentionMs = 20 * this.unitMs,
  ): Promise<WriteAnswer> {
    const entry = bytes(`end ${state}`);
    return this.store.settle({ run, fence, expectedTail, entry, state, retentionMs });
  }

  renew({ run, fence }: Pick<RunRecord, 'run' | 'fence'>): Promise<WriteAnswer> {
    const { unitMs } = this;
    return this.store.renew({ run, fence, leaseMs: 4 * unitMs, retentionMs: 20 * unitMs });
  }

  markLost({ run, fence }: Pick<RunRecord, 'run' | 'fence'>): Promise<RunRecord | undefined> {
    return this.store.markLost(run, fence.epoch, encodeEntry(lostEntry()));
  }

  requestCancel(
    { run, fence }: Pick<RunRecord, 'run' | 'fence'>,
    store = this.store,
  ): Promise<RunRecord | undefined> {
    return store.requestCancel(run, fence.epoch);
  }

  purge({ run, fence }: Pick<RunRecord, 'run' | 'fence'>): Promise<RunRecord | undefined> {
    return this.store.purge(run, fence.epoch);
  }

  async entries(
    { run, fence }: Pick<RunRecord, 'run' | 'fence'>,
    after = 0,
    store = this.store,
  ): Promise<readonly StoredEntry[]> {
    const answer = await store.read({
      run,
      epoch: fence.epoch,
      after,
      maxEntries: 10_000,
      maxBytes: 1e9,
    });
    expectThat(answer !== undefined, 'a run that exists can be read', run);
    return answer.entries;
  }

  passUnits(units: number): Promise<void> {
    return this.subject.passTime(units * this.unitMs);
  }
}

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function textOf(entries: readonly StoredEntry[]): string[] {
  return entries.map((entry) => new TextDecoder().decode(entry.bytes));
}

/** @throws Error with what should be true and what was there instead. */
export function expectThat(condition: boolean, what: string, found?: unknown): asserts condition {
  if (!condition) throw new Error(`The store does not keep the contract: ${what}. ${show(found)}`);
}

export function expectRefused(
  answer: WriteAnswer,
  reasons: readonly string[],
  what: string,
): asserts answer is Extract<WriteAnswer, { ok: false }> {
  expectThat(!answer.ok && reasons.includes(answer.reason), what, answer);
}

export function expectOk(
  answer: WriteAnswer,
  what: string,
): asserts answer is Extract<WriteAnswer, { ok: true }> {
  expectThat(answer.ok, what, answer);
}

export function expectOutcome(
  answer: ClaimAnswer,
  outcome: ClaimAnswer['outcome'],
  what: string,
): void {
  expectThat(answer.outcome === outcome, what, answer);
}

function show(found: unknown): string {
  if (found === undefined) return 'There was nothing.';
  return `There was: ${JSON.stringify(found, (_, value: unknown) =>
    value instanceof Uint8Array ? new TextDecoder().decode(value) : value,
  )}`;
}
