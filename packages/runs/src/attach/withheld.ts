import { REQUEST_AWAY_MS } from '../context.js';
import { cursorOf } from '../serve/last-event-id.js';
import { asyncPreference } from './prefer.js';

// Beats make the status 200, which can be told late of most answers, but not of these two: nobody follows
// a late Location, and an EventSource stops only at a true 204.

/** For `authorize`, and for what is told in a 202. */
const SLACK_MS = 1_000;

/** How long the head must be withheld at least, so that such a status can still be one; `undefined` if none will come. */
export function withheldMs(request: Request): number | undefined {
  const preference = asyncPreference(request);
  if (preference === undefined) return withheldForNothingMore(request);
  return Math.max(preference.waitMs, REQUEST_AWAY_MS) + SLACK_MS;
}

/**
 * For a 204 alone. Only who has received an end can get one, and whoever has waits for nothing but the
 * record, or for a store that is away.
 */
export function withheldForNothingMore(request: Request): number | undefined {
  const final = cursorOf(request)?.final;
  if (final === undefined || final === 'released') return undefined;
  return REQUEST_AWAY_MS + SLACK_MS;
}
