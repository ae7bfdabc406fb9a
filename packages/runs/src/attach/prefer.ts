/** `Prefer: respond-async, wait=10` (RFC 7240 sections 4.1 and 4.3). */
export interface AsyncPreference {
  /** How long an answer is waited for. */
  readonly waitMs: number;
  /** For `Preference-Applied`. */
  readonly applied: string;
}

/** Under the shortest time-out of anything on the way, so that the 202 arrives. */
const MAX_WAIT_SECONDS = 25;

/** A 202 that is due asks the store first, and beats must not come before it. */
const SLACK_MS = 5_000;

/** How long the head must be withheld, so that the 202 can still be one; `undefined` if none will come. */
export function withheldMs(request: Request): number | undefined {
  const preference = asyncPreference(request);
  return preference && preference.waitMs + SLACK_MS;
}

/** `undefined` without `respond-async`. */
export function asyncPreference(request: Request): AsyncPreference | undefined {
  const preferences = (request.headers.get('prefer') ?? '').split(',').map((one) => one.trim());
  if (!preferences.some((one) => /^respond-async(?:$|[;\s])/i.test(one))) return undefined;
  const given = preferences
    .map((one) => /^wait\s*=\s*"?(\d{1,9})"?$/i.exec(one)?.[1])
    .find(Boolean);
  if (given === undefined) return { waitMs: 0, applied: 'respond-async' };
  const seconds = Math.min(Number(given), MAX_WAIT_SECONDS);
  return { waitMs: seconds * 1_000, applied: `respond-async, wait=${seconds}` };
}
