import { RunError } from '../errors.js';
import { slotOfRun } from '../run-id.js';
import { lostFrom, type RunRecord, type SettledState } from '../store.js';

/** One run as it lies in memory. */
export interface Row {
  record: Omit<RunRecord, 'now'>;
  /** Of the latest claim. */
  retentionMs: number;
  entries: readonly Uint8Array[];
}

export interface TableLimits {
  readonly maxRuns: number;
  readonly maxBytes: number;
}

/** What an entry takes beyond its bytes, roughly: a log of tiny events is mostly that. */
const ENTRY_COST_BYTES = 256;

/** The rows of the memory store by slot, within bounds. Knows what is expired, and nothing of owners. */
export class Table {
  readonly #limits: TableLimits;
  #rows = new Map<string, Row>();
  #bytes = 0;
  /** Before this time nothing expires: a store that is full does not look at every row to refuse. */
  #nextExpiry = Number.POSITIVE_INFINITY;

  constructor(limits: TableLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#rows.size;
  }

  /** With what the entries take beyond their bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The run of this id. Another one under the same key is not it. */
  find(run: string, now: number): Row | undefined {
    const row = this.inSlot(slotOfRun(run), now);
    return row?.record.run === run ? row : undefined;
  }

  inSlot(slot: string, now: number): Row | undefined {
    const row = this.#rows.get(slot);
    if (row === undefined || row.record.expiresAt > now) return row;
    this.#drop(slot, row);
    return undefined;
  }

  /** @throws RunError `store_full` */
  insert(row: Row, now: number): void {
    const slot = slotOfRun(row.record.run);
    if (!this.#rows.has(slot) && this.#rows.size >= this.#limits.maxRuns) this.#dropExpired(now);
    if (!this.#rows.has(slot) && this.#rows.size >= this.#limits.maxRuns) {
      // Forgetting a run that is not expired would let its key start the work again.
      throw new RunError(
        'store_full',
        `The memory store holds ${this.#limits.maxRuns} runs, as many as maxRuns allows, and none is expired. Raise maxRuns, shorten the retention, or use @holdopen/redis.`,
      );
    }
    this.#rows.set(slot, row);
    this.#noteExpiry(row);
  }

  /** Another lease, or another start. */
  replace(row: Row, record: Row['record']): void {
    row.record = record;
    this.#noteExpiry(row);
  }

  /** Replaces the log. `must`: also beyond the bound, for the entry that says how the run ended. */
  setLog(
    row: Row,
    entries: readonly Uint8Array[],
    head: Uint8Array | undefined,
    must: boolean,
    now: number,
  ): boolean {
    let logBytes = head?.length ?? 0;
    for (const entry of entries) logBytes += entry.length;
    return this.#resize(row, logBytes, entries.length, must, now) && this.#put(row, entries, head);
  }

  /** Adds to the log, without looking at what is there already. */
  addToLog(
    row: Row,
    added: readonly Uint8Array[],
    head: Uint8Array | undefined,
    must: boolean,
    now: number,
  ): boolean {
    let { logBytes } = row.record;
    for (const entry of added) logBytes += entry.length;
    const first = row.record.head === undefined ? head : undefined;
    logBytes += first?.length ?? 0;
    const count = row.entries.length + added.length;
    if (!this.#resize(row, logBytes, count, must, now)) return false;
    // The log of a row is its own array; it is copied only for a snapshot.
    (row.entries as Uint8Array[]).push(...added);
    return this.#put(row, row.entries, row.record.head ?? first);
  }

  /** Ends a run that nobody owns any more, or one that its owner ends. */
  settle(row: Row, state: SettledState, retentionMs: number, now: number): void {
    this.replace(row, { ...row.record, state, settledAt: now, expiresAt: now + retentionMs });
  }

  *rows(): Iterable<Row> {
    yield* this.#rows.values();
  }

  /** Removes up to `limit` expired rows; gives the removed runs. */
  takeExpired(limit: number, now: number): string[] {
    const gone: string[] = [];
    if (now < this.#nextExpiry) return gone;
    let next = Number.POSITIVE_INFINITY;
    for (const [slot, row] of this.#rows) {
      const { expiresAt, run } = row.record;
      if (expiresAt > now) {
        next = Math.min(next, expiresAt);
        continue;
      }
      if (gone.length >= limit) {
        next = now;
        break;
      }
      this.#drop(slot, row);
      gone.push(run);
    }
    this.#nextExpiry = next;
    return gone;
  }

  /** Remembers everything as it is; the function that it gives brings it back. For tests. */
  snapshot(): () => void {
    const copies = new Map([...this.#rows].map(([slot, row]) => [slot, copyOf(row)]));
    const bytes = this.#bytes;
    return () => {
      this.#rows = new Map([...copies].map(([slot, row]) => [slot, copyOf(row)]));
      this.#bytes = bytes;
      this.#nextExpiry = 0;
    };
  }

  #put(row: Row, entries: readonly Uint8Array[], head: Uint8Array | undefined): true {
    row.entries = entries;
    row.record = { ...row.record, head, tail: entries.length };
    return true;
  }

  #resize(row: Row, logBytes: number, entries: number, must: boolean, now: number): boolean {
    const more = logBytes + entries * ENTRY_COST_BYTES - costOf(row);
    if (!must && this.#bytes + more > this.#limits.maxBytes) this.#dropExpired(now);
    if (!must && this.#bytes + more > this.#limits.maxBytes) return false;
    this.#bytes += more;
    row.record = { ...row.record, logBytes };
    return true;
  }

  #dropExpired(now: number): void {
    this.takeExpired(Number.POSITIVE_INFINITY, now);
  }

  #noteExpiry({ record }: Row): void {
    this.#nextExpiry = Math.min(this.#nextExpiry, record.expiresAt);
  }

  #drop(slot: string, row: Row): void {
    this.#rows.delete(slot);
    this.#bytes -= costOf(row);
  }
}

/** Whether the owner may still write: it was heard of within lease and grace. */
export function isOwned(row: Row, now: number): boolean {
  return row.record.state === 'running' && now < lostFrom({ ...row.record, now });
}

function costOf({ record, entries }: Row): number {
  return record.logBytes + entries.length * ENTRY_COST_BYTES;
}

function copyOf(row: Row): Row {
  return { ...row, entries: [...row.entries] };
}
