import type { EndEntry } from '../entry.js';
import type { RunErrorCode } from '../errors.js';

/** The end of a run whose cancellation was asked for. */
export function cancelledEnd(): EndEntry {
  return {
    kind: 'end',
    state: 'cancelled',
    status: 410,
    code: 'cancelled',
    detail: 'The run was cancelled.',
  };
}

/** Why a run is given up so that its key starts it anew. */
export type ReleaseCode = Extract<RunErrorCode, 'drained' | 'not_started'>;

/** The end of a run that its process gave up. */
export function releasedEnd(code: ReleaseCode): EndEntry {
  const detail = RELEASED[code];
  return { kind: 'end', state: 'released', status: 503, code, detail };
}

const RELEASED: Readonly<Record<ReleaseCode, string>> = {
  drained: 'The server shut down before the work was done: send the request with its key again.',
  not_started: 'The work was not begun after all: send the request with its key again.',
};

/** The end of a run that holdopen failed, not its handler. */
export function failedEnd(code: RunErrorCode): EndEntry {
  const detail = DETAILS[code] ?? 'The output could not be recorded.';
  return { kind: 'end', state: 'failed', status: STATUSES[code] ?? 500, code, detail };
}

/** The end of a run whose log lost entries: nothing may be replayed as if it were whole. */
export function lostLogEnd(): EndEntry {
  return {
    kind: 'end',
    state: 'lost',
    status: 500,
    code: 'store_rolled_back',
    detail: 'The store lost a part of the output that it had acknowledged.',
  };
}

const STATUSES: Partial<Record<RunErrorCode, number>> = { log_full: 507, silent_too_long: 504 };

const DETAILS: Partial<Record<RunErrorCode, string>> = {
  log_full: 'The output is larger than a run may record.',
  entry_too_large: 'One event or chunk is larger than a run may record.',
  silent_too_long: 'The work was silent for too long.',
  seal_failed: 'The output could not be encrypted.',
  store_away: 'The store of the runs was away for too long.',
};
