import type { Call } from '../call.js';
import type { AnswerError, HoldOpenErrorCode } from '../errors.js';
import { explainAnswer, IS_UNKNOWN, startAnew } from '../explain.js';
import type { Problem } from '../wire/problem.js';

/** A place in a run that is none in its log: as an answer it says that another start has that. */
export const CURSOR_LOST = 'cursor_lost';

/** What servers of runs say of work that nobody can tell the end of. */
const LOST = ['lost', CURSOR_LOST, 'not_found', 'purged', 'run_elsewhere'];

/** The error of an answer that is no event stream. `isForgotten`: where a run was, of which nothing is known. */
export function refusal(
  call: Call,
  status: number,
  type: string | null,
  problem: Problem | undefined,
  isForgotten: boolean,
): AnswerError {
  if (status >= 200 && status < 300) {
    const what = `the answer is ${type ?? 'of no named type'} and no event stream`;
    return explainAnswer('HOLDOPEN_WRONG_TYPE', what, call.facts(), status, problem);
  }
  const code = codeOfRun(problem) ?? (isForgotten ? 'HOLDOPEN_LOST' : codeOfStatus(status, call));
  const hint = code === 'HOLDOPEN_LOST' ? IS_UNKNOWN : undefined;
  return explainAnswer(code, `the server answered ${status}`, call.facts(), status, problem, hint);
}

/** The error that an event tells. */
export function toldFailure(call: Call, status: number, problem: Problem | undefined): AnswerError {
  const code = codeOfRun(problem) ?? 'HOLDOPEN_FAILED';
  const facts = call.facts();
  const hint = call.place && startAnew(facts);
  return explainAnswer(code, `the work failed with ${status}`, facts, status, problem, hint);
}

/** The error of work that began again while its events were read. */
export function restarted(call: Call): AnswerError {
  const what =
    'the work was begun anew: ask again, under its key, to have its events from the start';
  return explainAnswer('HOLDOPEN_RESTARTED', what, call.facts());
}

function codeOfRun(problem: Problem | undefined): HoldOpenErrorCode | undefined {
  const code = problem?.code ?? '';
  if (code === 'cancelled') return 'HOLDOPEN_CANCELLED';
  return LOST.includes(code) ? 'HOLDOPEN_LOST' : undefined;
}

function codeOfStatus(status: number, { place }: Call): HoldOpenErrorCode {
  // A run is where it is: what leads away from there is some login, and in a page has the status 0.
  if (status < 400 && place !== undefined) return 'HOLDOPEN_UNAUTHORIZED';
  if (status === 401 || status === 403) return 'HOLDOPEN_UNAUTHORIZED';
  if (status === 429) return 'HOLDOPEN_RATE_LIMITED';
  if (status === 503 || status === 529) return 'HOLDOPEN_OVERLOADED';
  return status >= 500 ? 'HOLDOPEN_SERVER_ERROR' : 'HOLDOPEN_STATUS';
}
