import type { Failure } from '../transport/failure.js';

/** What decides whether a request may be sent again. */
export interface Sendable {
  readonly method: string;
  /** Its body can be sent twice. */
  readonly isReplayable: boolean;
  /** It carries an `Idempotency-Key`: sent again it joins its work. */
  readonly isKeyed: boolean;
  /** Its work can be joined without sending it. */
  readonly hasRun: boolean;
}

/** Statuses of servers, and of hops before them, that may be well again soon. */
const BUSY = [408, 425, 429, 502, 503, 504, 529];

export function isBusy(status: number): boolean {
  return BUSY.includes(status);
}

/** RFC 9110 section 9.2.2. */
const IDEMPOTENT = /^(?:GET|HEAD|OPTIONS|PUT|DELETE|TRACE)$/;

/** Whether doing the work twice is the same as doing it once. */
export function isHarmless({ method, isKeyed, isReplayable }: Sendable): boolean {
  return isReplayable && (isKeyed || IDEMPOTENT.test(method));
}

/** Whether the same request may be answered otherwise later: its key is still worth something. */
export function isProvisional(status: number): boolean {
  return status === 401 || status === 403 || isBusy(status);
}

/** Whether a failed exchange may be followed by another. Work is never begun twice by it. */
export function mayFollow(request: Sendable, { kind, mayHaveRun }: Failure): boolean {
  // What is no HTTP now will be none the next time.
  if (kind === 'protocol') return false;
  if (request.hasRun || isHarmless(request)) return true;
  return request.isReplayable && !mayHaveRun;
}

/**
 * Whether a status asks to come back later. `isLate`: the work had begun when it became known, or it is
 * that of a place where a redirect led.
 *
 * 429 and 529 are said before any work. 503 is also what a gateway says that has lost the server in the
 * middle of the work, so it counts for work that must not be done twice only if it says when to come
 * back; and so are 502 and 504, which never do.
 */
export function mayComeBack(
  request: Sendable,
  status: number,
  hasRetryAfter: boolean,
  isLate: boolean,
): boolean {
  if (!isBusy(status)) return false;
  if (isHarmless(request)) return true;
  if (isLate || !request.isReplayable) return false;
  return status === 429 || status === 529 || (status === 503 && hasRetryAfter);
}
