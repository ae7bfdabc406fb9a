import type { BeatFormat, LateEnding, Place } from '../formats/format.js';
import { errorObject, type LateError, type LateErrorPolicy } from './outcome.js';

/** Where a body has come to when its answer fails. */
export interface BodySoFar {
  readonly format: BeatFormat;
  readonly place: Place;
  /** Bytes of a payload have left. */
  readonly begun: boolean;
}

/**
 * How a failure after the commit ends a body: as the policy says, in the words of the format.
 *
 * @param ownJson the handler's own JSON object, which is sent as it is
 * @param guard runs the policy, which is the user's, and keeps what it throws away from us
 */
export function lateEnding<Request>(
  outcome: LateError,
  ownJson: string | undefined,
  { format, place, begun }: BodySoFar,
  policy: LateErrorPolicy<Request>,
  request: Request,
  guard: (callback: () => void) => void,
): LateEnding {
  let json: string | undefined;
  if (typeof policy === 'function') {
    guard(() => {
      const value = policy(outcome, request);
      if (isThenable(value)) {
        value.then(undefined, () => {});
        throw new TypeError('lateError gave a promise; it must give its value at once');
      }
      json = JSON.stringify(value);
    });
  }
  const kind = json !== undefined ? 'value' : policy === 'body' ? 'body' : 'cut';
  const failure = {
    status: outcome.status,
    headers: outcome.headers,
    json: json ?? errorObject(outcome, ownJson),
    kind,
    begun,
  } as const;
  return format.lateFailure?.(failure, place) ?? { text: '', cut: true };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}
