import { parsePreferences, preferred } from '../preferences.js';

/** `Prefer: respond-async, wait=10` (RFC 7240 sections 4.1 and 4.3). */
export interface AsyncPreference {
  /** How long an answer is waited for. */
  readonly waitMs: number;
  /** For `Preference-Applied`. */
  readonly applied: string;
}

/** Under the shortest time-out of anything on the way, so that the 202 arrives. */
const MAX_WAIT_SECONDS = 25;

/** `undefined` without `respond-async`. */
export function asyncPreference({ headers }: Request): AsyncPreference | undefined {
  const prefer = headers.get('prefer');
  if (prefer === null) return undefined;
  const preferences = parsePreferences(prefer);
  // It has no value; with one it is somebody else's.
  if (preferred(preferences, 'respond-async') !== '') return undefined;
  const given = preferred(preferences, 'wait') ?? '';
  if (!/^\d+$/.test(given)) return { waitMs: 0, applied: 'respond-async' };
  const seconds = Math.min(Number(given), MAX_WAIT_SECONDS);
  return { waitMs: seconds * 1_000, applied: `respond-async, wait=${seconds}` };
}

/**
 * We answer 202 where it is wanted; if the handler did so, too, that would be a run whose result is
 * another 202. What else is preferred is the handler's.
 */
export function hideAsyncPreference(request: Request, headers: Headers): void {
  if (asyncPreference(request) === undefined) return;
  const others = parsePreferences(headers.get('prefer')).filter(
    ({ name }) => name !== 'respond-async' && name !== 'wait',
  );
  if (others.length === 0) headers.delete('prefer');
  else headers.set('prefer', others.map(({ text }) => text).join(', '));
}
