import { RunError } from '../errors.js';
import type { RefusalReason } from '../store.js';
import type { ReleaseCode } from './ends.js';

// Why a run's signal fires, in words that name the cure.

export const STORE_AWAY =
  'The run failed because the store did not take its output within storeAwayMs. Look after the store.';
export const SEAL_FAILED =
  'The run failed because the codec did not seal its output: seal threw (see the cause), or took longer than storeAwayMs. Look after the codec and where it has its keys from.';
export const STORE_FULL =
  'The store has no room for more of the log. Give it more room, or shorten the retention.';

export const RELEASED: Readonly<Record<ReleaseCode, string>> = {
  drained:
    'The process shuts down, and the run starts anew under its key. Drain for longer if it should have ended.',
  not_started: 'The key was claimed and given back before the handler was called.',
};

export function cancelled(run: string): RunError {
  return new RunError('cancelled', 'The run was cancelled by somebody who may.', { run });
}

export function entryTooLarge(bytes: number, most: number): string {
  return `One event, chunk or head had ${bytes} bytes, and maxEntryBytes is ${most}. Write smaller ones, or raise it.`;
}

export function silentTooLong(most: number): string {
  return `The handler gave no sign of life for the ${most} ms of maxSilenceMs. Let it call touch() while it works, or raise it.`;
}

export function logFull(most: number): string {
  return `The log would have more than the ${most} bytes of maxLogBytes. Raise it, or write less.`;
}

export function rolledBack(tail: number): string {
  return `The log ends at ${tail} in the store, which is not what it had acknowledged: it lost writes. Let it write through (appendfsync, min-replicas-to-write).`;
}

export function endNotTaken(run: string, cause: unknown): RunError {
  return new RunError(
    'store_away',
    'The store did not take the end of the run, which will be lost. Look after the store.',
    { run, cause },
  );
}

const LEASE_LOST: Readonly<Record<RefusalReason | 'away', string>> = {
  fenced: 'another owner has it, or lease and grace were over',
  settled: 'somebody settled it',
  tail: 'its log changed',
  full: 'the store is full',
  cancelled: 'it is to be cancelled',
  missing: 'the store does not know it any more, since it lost writes or the run expired',
  away: 'the store was away for longer than lease and grace',
};

export function leaseLost(run: string, reason: RefusalReason | 'away'): RunError {
  return new RunError(
    reason === 'missing' ? 'store_rolled_back' : 'lease_lost',
    `The run is not ours any more: ${LEASE_LOST[reason]}. Raise leaseMs and graceMs if the event loop was blocked or the store restarts slowly.`,
    { run },
  );
}
