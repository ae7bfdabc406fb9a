import { sameBytes } from '../bytes.js';
import {
  type ClaimRequest,
  type Fence,
  lostFrom,
  type RefusalReason,
  type SettleRequest,
} from '../store.js';
import type { Row } from './table.js';

// What a row of the memory store lets its owner do.

/** A run at its first start. */
export function newRow(request: ClaimRequest, now: number): Row {
  const { run, principal, route, fingerprint, epoch, leaseMs, graceMs, retentionMs } = request;
  const leaseUntil = now + leaseMs;
  return {
    retentionMs,
    entries: [],
    record: {
      run,
      principal,
      route,
      fingerprint,
      state: 'running',
      attempt: 1,
      fence: { epoch, token: 1 },
      tail: 0,
      logBytes: 0,
      head: undefined,
      startedAt: now,
      settledAt: undefined,
      leaseUntil,
      graceMs,
      expiresAt: leaseUntil + graceMs + retentionMs,
      cancelRequested: false,
      purged: false,
    },
  };
}

/** Why this owner may not write, if it may not. */
export function refusal(
  row: Row | undefined,
  fence: Fence,
  now: number,
): RefusalReason | undefined {
  if (row === undefined) return 'missing';
  const { record } = row;
  if (record.fence.epoch !== fence.epoch || record.fence.token !== fence.token) return 'fenced';
  if (record.state !== 'running') return 'settled';
  return now < lostFrom({ ...record, now }) ? undefined : 'fenced';
}

/** The entries that are not in the log yet; `undefined` if the log is not what the owner believes. */
export function notYetThere(
  row: Row,
  expectedTail: number,
  entries: readonly Uint8Array[],
): readonly Uint8Array[] | undefined {
  const overlap = row.entries.length - expectedTail;
  if (overlap < 0) return undefined;
  // An owner that repeats itself repeats the same bytes.
  const repeated = entries.slice(0, overlap);
  const same = repeated.every((bytes, i) => {
    const there = row.entries[expectedTail + i];
    return there !== undefined && sameBytes(there, bytes);
  });
  return same ? entries.slice(overlap) : undefined;
}

/** The answer to this very step was lost. */
export function isRepeated(
  row: Row,
  { fence, state, entry, expectedTail }: SettleRequest,
): boolean {
  const { record, entries } = row;
  if (record.fence.epoch !== fence.epoch || record.fence.token !== fence.token) return false;
  if (record.state !== state || record.tail !== expectedTail + 1) return false;
  const last = entries[expectedTail];
  return record.purged || (last !== undefined && sameBytes(last, entry));
}
