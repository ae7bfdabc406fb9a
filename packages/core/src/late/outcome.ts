import type { HeaderPair } from './head.js';
import { createProblem, type ProblemCode } from './problem.js';

/**
 * A status, headers or error that became known after the commit. It is given to `onLateOutcome`, to a
 * `lateError` function, and to whoever watches the diagnostics.
 */
export type LateOutcome = LateSuccess | LateError;

/** The handler answered, with another status than the 200 that was sent or with headers of its own. */
export interface LateSuccess {
  readonly ok: true;
  /** 201 to 299, or 200 with late headers. */
  readonly status: number;
  /** The headers that travel in the late head. */
  readonly headers: readonly HeaderPair[];
}

export interface LateError {
  readonly ok: false;
  /** The true status, 300 to 599. */
  readonly status: number;
  readonly code: ProblemCode;
  /** The headers that travel in the late head. */
  readonly headers: readonly HeaderPair[];
  /** What the handler threw, with `handler_error`. Never shown to the client unless you show it. */
  readonly error?: unknown;
  /** A sentence for the client. */
  readonly detail?: string;
  /** The handler's error body, if it sent one: a JSON value, or text. */
  readonly body?: unknown;
  /** The type of that body. */
  readonly contentType?: string;
}

/**
 * - `'cut'`: the error without its last brace, then the connection is cut. Nobody can take it for a
 *   success.
 * - `'body'`: the error whole and a clean end.
 * - a function: what it gives is sent as JSON, with a clean end. If it throws or gives `undefined`,
 *   the answer is cut.
 */
export type LateErrorPolicy<Request> =
  | 'cut'
  | 'body'
  | ((outcome: LateError, request: Request) => unknown);

/** The status a thrown value asks for, as http-errors and most frameworks write it; 500 otherwise. */
export function statusOfError(error: unknown): number {
  if (typeof error !== 'object' || error === null) return 500;
  try {
    for (const name of ['status', 'statusCode'] as const) {
      const status: unknown = Reflect.get(error, name);
      if (typeof status === 'number' && Number.isInteger(status) && status >= 400 && status < 600) {
        return status;
      }
    }
  } catch {
    // Whatever its getters do, it is an error of the server.
  }
  return 500;
}

/** The JSON object that stands for an error: the handler's own if it is one, else a problem object. */
export function errorObject(outcome: LateError, ownJson: string | undefined): string {
  if (ownJson !== undefined) return ownJson;
  const problem = createProblem(outcome.status, outcome.code, {
    ...(outcome.detail === undefined ? {} : { detail: outcome.detail }),
    ...(outcome.contentType === undefined ? {} : { content_type: outcome.contentType }),
  });
  if (outcome.body === undefined) return JSON.stringify(problem);
  try {
    return JSON.stringify({ ...problem, body: outcome.body });
  } catch {
    // What is nested too deep can be read and not be written again.
    return JSON.stringify(problem);
  }
}
