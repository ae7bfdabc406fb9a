import { createChannels } from '@holdopen/fetch';
import { RunError, type RunErrorCode } from './errors.js';
import { instanceOfRun } from './run-id.js';
import type { RunRecord, RunState, SettledState } from './store.js';

/** A run, as far as whoever watches the process may know it. Never its principal, key or payload. */
export interface RunFacts {
  readonly id: string;
  /**
   * The pattern of the route without its method, such as `/reports/:id`. `undefined` where the work was
   * started by a path: values may stand there. What another process has started counts as that until a
   * request with a key has come to the same route here.
   */
  readonly route: string | undefined;
  /** How often the work was started under its key, from 1. */
  readonly attempt: number;
  /** Random for each start: names its owner. */
  readonly owner: string;
  /** The process whose memory it is in; empty if any process can reach it. */
  readonly instance: string;
}

/** Who found that a run's owner is gone. */
export type LostFinder =
  /** A request that asked for the run, or came with its key. */
  | 'request'
  /** Somebody who follows its events or waits for its result. */
  | 'watcher'
  | 'sweeper';

/** What the store was asked for. */
export type StoreOperation =
  | 'claim'
  | 'append'
  | 'settle'
  | 'renew'
  | 'read'
  | 'mark-lost'
  | 'cancel'
  | 'purge'
  | 'list'
  | 'sweep';

export type StoreFailureCode =
  /** One attempt failed, or was not answered in time. */
  | 'store_unavailable'
  /** All attempts failed for as long as one waits for a store. */
  | 'store_away'
  | 'store_full'
  /** An error that has no name. */
  | 'unknown';

/**
 * Everything that happens to runs in this process. Each is published on the channel `holdopen:<type>` of
 * `node:diagnostics_channel`, and made only if somebody listens there.
 */
export type RunEvent =
  /** Work was begun in this process. */
  | {
      readonly type: 'run-start';
      readonly run: RunFacts;
      /** What began it; `incomingOf` of @holdopen/fetch gives Node's behind it. */
      readonly request: Request;
    }
  /** A request without a place in the log joined a run that was there already. */
  | {
      readonly type: 'run-attach';
      readonly run: RunFacts;
      readonly request: Request;
      readonly state: RunState;
    }
  /** A client came back and goes on behind what it has. */
  | {
      readonly type: 'run-resume';
      readonly run: RunFacts;
      readonly request: Request;
      readonly state: RunState;
      /** The offset that it had. */
      readonly after: number;
      /** How many entries were there already that it had not. */
      readonly behind: number;
    }
  /** Work of this process came to its end, as far as its owner knows. */
  | {
      readonly type: 'run-end';
      readonly run: RunFacts;
      /** `lost`: the store did not take the end, or another owns the run. */
      readonly state: SettledState;
      /** The true status; `undefined` if it is `lost`. */
      readonly status: number | undefined;
      /** Why it did not come to an end of its own; what was wrong, if it is `lost`. */
      readonly code: string | undefined;
      /** How long it was owned, in milliseconds. */
      readonly ranMs: number;
      /** Bytes in its log. */
      readonly logBytes: number;
    }
  /** A run was found whose owner is gone. More than one process may say so. */
  | { readonly type: 'run-lost'; readonly run: RunFacts; readonly by: LostFinder }
  | {
      readonly type: 'run-renew';
      readonly run: RunFacts;
      /** From when the renewal was due until the store had it, in milliseconds: blocked loop, failures and all. */
      readonly lagMs: number;
      /** How much of lease and grace was left before. */
      readonly leftMs: number;
    }
  | {
      readonly type: 'run-append';
      readonly run: RunFacts;
      /** From when the store was asked until it had acknowledged, in milliseconds, with all attempts. */
      readonly lagMs: number;
      readonly entries: number;
      readonly bytes: number;
    }
  /** An attempt to ask the store failed. Most are made again. */
  | {
      readonly type: 'run-store-failure';
      readonly operation: StoreOperation;
      readonly code: StoreFailureCode;
      /** `undefined` if it was not about one. */
      readonly runId: string | undefined;
    };

export type RunEventType = RunEvent['type'];

export const RUN_EVENT_TYPES: readonly RunEventType[] = [
  'run-start',
  'run-attach',
  'run-resume',
  'run-end',
  'run-lost',
  'run-renew',
  'run-append',
  'run-store-failure',
];

/** Asked first whether anybody listens. */
export const runEvents = createChannels<RunEvent>(RUN_EVENT_TYPES);

/** A route more than these is not told by its name. */
const MAX_PATTERNS = 1_000;
const patterns = new Set<string>();

/** The framework gave this name of a route, so that no values stand in it. */
export function notePattern(route: string): void {
  if (patterns.size < MAX_PATTERNS) patterns.add(route);
}

export function factsOf(record: RunRecord): RunFacts {
  const { run, route, attempt, fence } = record;
  return {
    id: run,
    route: patterns.has(route) ? route.replace(/^[A-Z]+ /, '') : undefined,
    attempt,
    owner: fence.epoch,
    instance: instanceOfRun(run),
  };
}

export function tellLost(record: RunRecord | undefined, by: LostFinder): void {
  if (record?.state !== 'lost' || !runEvents.wants('run-lost')) return;
  runEvents.notify({ type: 'run-lost', run: factsOf(record), by });
}

/** What the store was asked for, and of which run. */
export interface Asked {
  readonly operation: StoreOperation;
  readonly run?: string | undefined;
}

/** Errors that are answers, such as `run_elsewhere`, are no failures. */
export function tellStoreFailure({ operation, run }: Asked, error: unknown): void {
  if (!runEvents.wants('run-store-failure')) return;
  const code = error instanceof RunError ? FAILURES.get(error.code) : 'unknown';
  if (code === undefined) return;
  runEvents.notify({ type: 'run-store-failure', operation, code, runId: run });
}

const FAILURES = new Map<RunErrorCode, StoreFailureCode>([
  ['store_unavailable', 'store_unavailable'],
  ['store_away', 'store_away'],
  ['store_full', 'store_full'],
]);
