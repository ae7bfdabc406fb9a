import type { RunState } from '../store.js';
import type { RunToken } from '../token.js';

export type RunAction = 'start' | 'attach' | 'read' | 'cancel';

/** What `authorize` is told of a run. */
export interface AuthorizedRun {
  readonly id: string;
  readonly principal: string;
  readonly route: string;
  readonly state: RunState;
}

export interface AuthorizeContext {
  /** What the request wants. For `start` there is neither run nor token. */
  readonly action: RunAction;
  /** The run, if there is one of this id. */
  readonly run: AuthorizedRun | undefined;
  /** A token for this run and action that the request shows. It is signed by us and not revoked. */
  readonly token: RunToken | undefined;
}

/** A caller without a name, where the option `anonymous` allows it. */
export const ANONYMOUS = 'holdopen:anonymous';

/** Whom a request is from, and until when that counts; milliseconds since 1970, or a `Date`. */
export interface Principal {
  readonly principal: string;
  readonly expiresAt?: number | Date | undefined;
}

/**
 * - a principal: the request is from it. What it does with a run of another one is answered as if there
 *   were no such run; give `run.principal` to let somebody at it.
 * - `undefined`, `null` or `false`: refused.
 * - a `Response`: refused with this answer, where there is no run to keep secret.
 */
export type AuthorizeAnswer = string | Principal | Response | undefined | null | false;

export type Authorize = (
  request: Request,
  context: AuthorizeContext,
) => AuthorizeAnswer | Promise<AuthorizeAnswer>;
