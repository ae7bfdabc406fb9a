import type { Call } from '../call.js';
import type { AnswerError } from '../errors.js';
import { explainAnswer, IS_UNKNOWN } from '../explain.js';
import { isProvisional } from '../retry/policy.js';
import { readPlace } from './place.js';

/** By these a handler says that it did not do the work: its key starts it anew (`docs/runs.md`, States). */
const RELEASING = [401, 403, 408, 425, 429, 503];
/** The same from a server that gave the work up, wherever it says it. */
const GIVEN_UP = /^(?:drained|not_started|released)$/;
/** A store that is away for now has the run still. */
const STORE_AWAY = /^store_(?:away|unavailable)$/;
/** Where a run was: it expired, its output was removed, or its process is another one. */
const GONE = [404, 410, 421];

interface Said {
  /** The true one. */
  readonly status: number;
  readonly code?: string | undefined;
}

/** Whether the run is over without its work being done, so that the request has to be sent again. */
export function isReleased(call: Call, response: Response, said: Said): boolean {
  const { status } = said;
  if (call.place === undefined || !RELEASING.includes(status)) return false;
  const code = status === 503 ? (said.code ?? '') : '';
  return GIVEN_UP.test(code) || (isOfRun(call, response) && !STORE_AWAY.test(code));
}

/** Whether nobody knows of the run any more. The run may have answered with such a status itself. */
export function isForgotten(call: Call, response: Response, { status }: Said): boolean {
  return GONE.includes(status) && !isOfRun(call, response);
}

/** What was begun there may have been done: it is not begun again without the user. */
export function forgotten(call: Call, status: number): AnswerError {
  const what = `the server answered ${status} where the work was`;
  return explainAnswer('HOLDOPEN_LOST', what, call.facts(), status, undefined, IS_UNKNOWN);
}

/**
 * Whether the answer where a run is comes from somebody else: a login page, a hop. It says nothing of the
 * work. A held head may have left before the run was known.
 */
export function isOfStranger(call: Call, response: Response, { status }: Said): boolean {
  const isNamed = isOfRun(call, response) || response.headers.has('holdopen');
  return !isNamed && !isProvisional(status);
}

/** The error of such an answer, behind which the work may go on. */
export function strange(call: Call, status: number): AnswerError {
  const code = status < 500 ? 'HOLDOPEN_UNAUTHORIZED' : 'HOLDOPEN_SERVER_ERROR';
  const what = `somebody else answered ${status} where the work is`;
  return explainAnswer(code, what, call.facts(), status);
}

/** A hop in between does not name it, and neither does a server that does not know it. */
function isOfRun({ outgoing }: Call, response: Response): boolean {
  return readPlace(response, outgoing.url, outgoing.origin) !== undefined;
}
