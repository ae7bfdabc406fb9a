import type { HoldHost } from './hold-host.js';
import type { UntouchedReason } from './negotiate.js';
import type { Surroundings } from './surroundings.js';

/** What a person can do about a slow response that was not held. */
const CURES: Partial<Record<UntouchedReason, string>> = {
  accept:
    "its clients do not ask for JSON or an event stream alone. If it answers with JSON, give the options of this route format: 'json'.",
  max_holds: 'maxHolds responses are held already. Raise it, or run more processes.',
  length:
    'its head went out with a Content-Length, so that nothing can be added. Send it together with the body, or without the length.',
  charset: 'its charset is not UTF-8. Send UTF-8.',
};

/** Whose response passes as it is. */
export type UntouchedHost = Pick<
  HoldHost<unknown>,
  'request' | 'method' | 'route' | 'pattern' | 'run'
>;

/** A response that was about to be held passes as it is: counted and told. */
export function tellUntouched(
  { observer, registry }: Surroundings,
  reason: UntouchedReason,
  host: UntouchedHost,
): void {
  registry.countUntouched(reason);
  if (!observer.wants('untouched')) return;
  const { request, method, pattern: route } = host;
  host.run(() => observer.notify({ type: 'untouched', reason, request, method, route }));
}

/** The same, and once warned of. */
export function countUntouched(
  around: Surroundings,
  reason: UntouchedReason,
  host: UntouchedHost,
): void {
  tellUntouched(around, reason, host);
  const { route } = host;
  const cure = CURES[reason];
  if (cure === undefined || !around.registry.firstTime(`untouched ${reason} ${route}`)) return;
  around.warn('HOLDOPEN_UNTOUCHED', `${route} is slow and was not held: ${cure}`);
}
