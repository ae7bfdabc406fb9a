import type { ClaimAnswer, RunRecord, SettledState } from '../store.js';

/** What a request meets under a key, by the table of `docs/runs.md`. */
export type KeyMeets =
  /** It is the first, or the run starts anew: the handler is called. */
  | { readonly kind: 'start'; readonly record: RunRecord }
  /** The work goes on; the request waits with it. */
  | { readonly kind: 'attach'; readonly record: RunRecord }
  /** The work is done; its log is the answer. */
  | { readonly kind: 'replay'; readonly record: RunRecord }
  /** A problem is the answer. */
  | {
      readonly kind: 'refuse';
      readonly record: RunRecord;
      readonly status: 409 | 410 | 422 | 500;
      readonly code: 'running' | 'cancelled' | 'payload_differs' | 'lost' | 'purged';
      readonly detail: string;
    };

export interface KeyPolicy {
  /** What a second request meets while the work goes on: it waits with it, or is told 409. */
  readonly whileRunning: 'attach' | 'refuse';
}

/** What a route does with work whose owner is gone. */
export interface LostPolicy {
  /**
   * `'rerun'`: the same key starts the work again, which may then have been done twice.
   * @default 'tell'
   */
  readonly onLost?: 'tell' | 'rerun' | undefined;
}

/** The states in which a claim starts the work anew. */
export function restartStates({ onLost }: LostPolicy): readonly SettledState[] {
  return onLost === 'rerun' ? ['released', 'lost'] : ['released'];
}

/** Statuses that say "not now": the handler did not do the work, so the key is free again. */
const RELEASING: ReadonlySet<number> = new Set([401, 403, 408, 425, 429, 503]);

/** How a run ends whose handler answered with this status. */
export function stateOfAnswer(status: number): 'completed' | 'failed' | 'released' {
  if (RELEASING.has(status)) return 'released';
  return status >= 400 ? 'failed' : 'completed';
}

/** What the answer to a claim comes to. */
export function meetKey(answer: ClaimAnswer, policy: KeyPolicy): KeyMeets {
  const { record } = answer;
  if (answer.outcome === 'conflict') {
    return refuse(
      record,
      422,
      'payload_differs',
      'This key was used with another payload: use a new key for new work.',
    );
  }
  if (answer.outcome === 'started') return { kind: 'start', record };
  if (record.state === 'running') {
    return policy.whileRunning === 'attach'
      ? { kind: 'attach', record }
      : refuse(record, 409, 'running', 'The work under this key goes on: ask again later.');
  }
  if (record.state === 'lost') {
    return refuse(
      record,
      500,
      'lost',
      'The process that ran this work is gone; how far it came is not known. Use a new key to do it again.',
    );
  }
  if (record.state === 'cancelled') {
    return refuse(
      record,
      410,
      'cancelled',
      'The work under this key was cancelled: use a new key to do it again.',
    );
  }
  if (record.purged) {
    return refuse(
      record,
      410,
      'purged',
      'The work under this key was done, and its result was removed.',
    );
  }
  return { kind: 'replay', record };
}

function refuse(
  record: RunRecord,
  status: Extract<KeyMeets, { kind: 'refuse' }>['status'],
  code: Extract<KeyMeets, { kind: 'refuse' }>['code'],
  detail: string,
): KeyMeets {
  return { kind: 'refuse', record, status, code, detail };
}
