import type { Facts } from '../facts.js';
import { type Hop, timeOutsOf, wrotePage } from '../hops.js';
import { isAbout, TIME_OUTS, type TimeOut } from '../time-outs.js';
import { limit, list } from '../words.js';

export interface Suspicion {
  /** A sentence that follows another. */
  readonly what: string;
  readonly cure: string;
  /** The time-out, as it is set on this way. */
  readonly ms: number;
}

/** Below that nobody has waited: something broke. */
export const MIN_PATIENCE_MS = 400;

/** Whose time-out was over after so much silence, by the trace that it left and by the number. */
export function whoGaveUp({ hops, observation }: Facts, silentMs: number): Suspicion | undefined {
  if (silentMs < MIN_PATIENCE_MS) return undefined;
  const page = observation.head === undefined ? '' : observation.body.opening;
  const author = hops.find((hop) => wrotePage(hop, page));
  const suspects = author === undefined ? hops : [author];
  const ofHops = timeOutsOf(suspects).filter(({ kind }) => kind !== 'total');
  const hit = ofHops.find(({ ms }) => isAbout(silentMs, ms));
  if (hit !== undefined) {
    return {
      what: ` That is the time-out of ${hit.name}: ${limit(hit.ms)}${settingOf(hit)}.`,
      cure: `Beats keep it waiting. It can wait longer, too${settingOf(hit)}.`,
      ms: hit.ms,
    };
  }
  const byNumber = TIME_OUTS.filter(
    ({ ms, where, kind }) => where !== 'client' && kind !== 'total' && isAbout(silentMs, ms),
  );
  if (byNumber.length === 0 || author !== undefined) return asSet(suspects, ofHops, silentMs);
  const names = byNumber.map((timeOut) => `${timeOut.name}${settingOf(timeOut)}`);
  return {
    what: ` That is the time-out of ${names.length === 1 ? '' : 'one of '}${list(names)}.`,
    cure: 'Beats keep it waiting.',
    ms: silentMs,
  };
}

/** No number that is known: whoever stands there has been told to wait so long. */
function asSet(
  [suspect]: readonly Hop[],
  [known]: readonly TimeOut[],
  silentMs: number,
): Suspicion | undefined {
  if (suspect === undefined) return undefined;
  const setting = known === undefined ? '' : settingOf(known);
  return {
    what: ` ${suspect.name} seems to have been given this time-out${setting}.`,
    cure: `Beats keep it waiting. It can wait longer, too${setting}.`,
    ms: silentMs,
  };
}

function settingOf({ setting }: TimeOut): string {
  return setting === undefined ? '' : ` (${setting})`;
}
