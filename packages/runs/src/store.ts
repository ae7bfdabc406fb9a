/** How a run can have ended. */
export type SettledState = 'completed' | 'failed' | 'released' | 'cancelled' | 'lost';
export type RunState = 'running' | SettledState;

export const SETTLED_STATES: readonly SettledState[] = [
  'completed',
  'failed',
  'released',
  'cancelled',
  'lost',
];

/** One entry of a log. Contiguous, from 1. The bytes are opaque, and nobody changes them. */
export interface StoredEntry {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** Says which start of a run a writer belongs to. Both must be the record's, or it writes nothing. */
export interface Fence {
  /** Random for each start, so that it never comes again, not even after a rollback of the store. */
  readonly epoch: string;
  /** Counts the starts. */
  readonly token: number;
}

/** What a store knows of a run, at one moment. All times are the store's clock, in milliseconds. */
export interface RunRecord {
  readonly run: string;
  readonly principal: string;
  readonly route: string;
  readonly fingerprint: string;
  readonly state: RunState;
  /** How often the work was started under this key, from 1. */
  readonly attempt: number;
  readonly fence: Fence;
  /** The offset of the last entry; 0 for an empty log. */
  readonly tail: number;
  /** Bytes of all entries and the head. */
  readonly logBytes: number;
  /** The encoded head of the answer, once the owner knows it. */
  readonly head: Uint8Array | undefined;
  readonly startedAt: number;
  readonly settledAt: number | undefined;
  readonly leaseUntil: number;
  /** From `leaseUntil + graceMs` on the owner can write nothing, and anybody may say `lost`. */
  readonly graceMs: number;
  /** The record and the log are gone then. */
  readonly expiresAt: number;
  readonly cancelRequested: boolean;
  /** The log was removed on request; the record still guards the key. */
  readonly purged: boolean;
  /** The store's clock when it made this answer. */
  readonly now: number;
}

export interface ClaimRequest {
  /** The id of the run if this claim makes one; its slot says which key is claimed. */
  readonly run: string;
  readonly epoch: string;
  readonly principal: string;
  readonly route: string;
  readonly fingerprint: string;
  readonly leaseMs: number;
  readonly graceMs: number;
  /** How long a run is remembered when its lease is over and nobody settled it. */
  readonly retentionMs: number;
  /** The states in which the key starts anew. */
  readonly restart: readonly SettledState[];
}

export type ClaimAnswer =
  /** The caller owns the run; so it is told again if it repeats the claim with the same epoch. */
  | { readonly outcome: 'started'; readonly record: RunRecord }
  /** The key has a run. */
  | { readonly outcome: 'exists'; readonly record: RunRecord }
  /** The key has a run with another fingerprint. */
  | { readonly outcome: 'conflict'; readonly record: RunRecord };

export interface AppendRequest {
  readonly run: string;
  readonly fence: Fence;
  /** The entries get the offsets after this one. */
  readonly expectedTail: number;
  readonly entries: readonly Uint8Array[];
  /** The encoded head. The first one stays. */
  readonly head?: Uint8Array | undefined;
}

export interface SettleRequest {
  readonly run: string;
  readonly fence: Fence;
  readonly expectedTail: number;
  /** The terminal entry. */
  readonly entry: Uint8Array;
  readonly head?: Uint8Array | undefined;
  readonly state: SettledState;
  /** How long record and log are kept from now. */
  readonly retentionMs: number;
  /**
   * A wish to cancel comes first: if there is one, this end is refused with `cancelled`, for whoever has
   * it was told that the run is to be cancelled.
   */
  readonly unlessCancelled?: boolean | undefined;
}

export interface RenewRequest {
  readonly run: string;
  readonly fence: Fence;
  readonly leaseMs: number;
  readonly retentionMs: number;
}

/**
 * - `fenced`: the run is another's now, or the grace of the lease is over.
 * - `settled`: somebody else settled it first.
 * - `tail`: the log is not as the writer believes; the store lost entries if it is shorter.
 * - `missing`: no such run; expired, or the store lost it.
 * - `full`: the store has no room.
 * - `cancelled`: the run is to be cancelled, and its end should not be another.
 */
export type RefusalReason = 'fenced' | 'settled' | 'tail' | 'missing' | 'full' | 'cancelled';

export type WriteAnswer =
  | { readonly ok: true; readonly record: RunRecord }
  | { readonly ok: false; readonly reason: RefusalReason; readonly record: RunRecord | undefined };

export interface ReadRequest {
  readonly run: string;
  /** Entries of another epoch are not given; the record tells which it is. */
  readonly epoch: string;
  /** Entries behind this offset. */
  readonly after: number;
  /** Give no more than this many. */
  readonly maxEntries: number;
  /** Stop when this many bytes are reached; one entry is always given. */
  readonly maxBytes: number;
}

/** Record and entries are of one moment: no entry is newer than the record's tail. */
export interface ReadAnswer {
  readonly record: RunRecord;
  readonly entries: readonly StoredEntry[];
}

/**
 * Where runs are kept. Every method is atomic, and durable when it resolves. One that is unsure
 * whether it happened rejects with `store_unavailable`; the caller does the same again, and what had
 * happened already is answered as a success. Records past `expiresAt` are as if they were not there.
 * `@holdopen/runs/conformance` checks every sentence of this file.
 */
export interface RunStore {
  /** Letters and digits, at most 16, if runs cannot be reached from other processes; else empty. */
  readonly instance: string;
  /**
   * Makes the record, the claim of the key and the first lease in one step, or says who has it.
   * @throws RunError `store_full`
   */
  claim(request: ClaimRequest): Promise<ClaimAnswer>;
  /** @throws RunError `run_elsewhere` for an id of another instance; so do all others. */
  get(run: string): Promise<RunRecord | undefined>;
  /**
   * All entries or none. An offset that is there already, under the same fence and with the same
   * bytes, is a success: the answer to the first attempt was lost.
   */
  append(request: AppendRequest): Promise<WriteAnswer>;
  read(request: ReadRequest): Promise<ReadAnswer | undefined>;
  /**
   * Sets `leaseUntil`, and `expiresAt` to lease, grace and retention from now. Also within the grace
   * of a lease that is over: a store that was away must not orphan a live owner.
   */
  renew(request: RenewRequest): Promise<WriteAnswer>;
  /** Terminal entry, state and retention in one step. The first wins; again the same is a success. */
  settle(request: SettleRequest): Promise<WriteAnswer>;
  /** Settles a running run of this epoch as `lost`, if its grace is over. Gives the record. */
  markLost(run: string, epoch: string, entry: Uint8Array): Promise<RunRecord | undefined>;
  /**
   * Records the wish and rings, if a run of this epoch is running: a wish that arrives twice, or late,
   * must not end a later attempt. Gives the record.
   */
  requestCancel(run: string, epoch: string): Promise<RunRecord | undefined>;
  /**
   * Rings after every change of the run, from the moment this resolves. May ring for nothing; a ring
   * may get lost, so a watcher looks from time to time. The function that it gives ends it.
   */
  subscribe(run: string, ring: () => void): Promise<() => void>;
  /** The running runs of a principal, oldest first. */
  list(principal: string, limit: number): Promise<readonly RunRecord[]>;
  /**
   * Removes head and log of a settled run of this epoch; its record guards the key until it expires.
   * Gives the record.
   */
  purge(run: string, epoch: string): Promise<RunRecord | undefined>;
  /**
   * Settles what is lost and drops what is expired, at most `limit` of them. Gives how many, and tells
   * the record of each that it settled as lost.
   */
  sweep(
    limit: number,
    lostEntry: Uint8Array,
    onLost?: (record: RunRecord) => void,
  ): Promise<number>;
  close(): Promise<void>;
}

/** From this moment of the store's clock on, a running run may be called lost. */
export function lostFrom(record: RunRecord): number {
  return record.leaseUntil + record.graceMs;
}

/** Whether the store's `markLost` would end this run: its owner can write nothing any more. */
export function isOverdue(record: RunRecord): boolean {
  return record.state === 'running' && record.now >= lostFrom(record);
}
