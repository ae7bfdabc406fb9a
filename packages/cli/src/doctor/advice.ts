import { DEFAULT_INTERVAL_MS, MIN_INTERVAL_MS } from '@holdopen/core';
import type { Facts } from './facts.js';
import { lastSilenceOf } from './findings/ending.js';
import { whoGaveUp } from './findings/who-gave-up.js';
import { timeOutsOf } from './hops.js';
import { duration, limit } from './words.js';

export interface Advice {
  /** What the doctor would set. */
  readonly intervalMs: number;
  readonly because: string;
}

/**
 * Half of the shortest time-out on the way, so that a beat may be late; never more than the default.
 * `undefined` if there was no answer to judge by.
 */
export function adviceFor(facts: Facts): Advice | undefined {
  const { ending, head } = facts.observation;
  // Of what is no answer nothing follows.
  if (head === undefined && ending.how === 'failed' && ending.failure.kind !== 'closed')
    return undefined;
  const limits = [
    ...facts.idleLimitsMs.map((ms) => ({ ms, whose: `the ${limit(ms)} that you named` })),
    ...gaveUpAt(facts).map((ms) => ({ ms, whose: `the ${duration(ms)} after which it gave up` })),
    ...timeOutsOf(facts.hops)
      .filter(({ kind }) => kind === 'idle')
      .map(({ ms, name }) => ({ ms, whose: `the ${limit(ms)} of ${name}` })),
  ].sort((a, b) => a.ms - b.ms);
  const [shortest] = limits;
  if (shortest === undefined || shortest.ms / 2 >= DEFAULT_INTERVAL_MS) {
    return {
      intervalMs: DEFAULT_INTERVAL_MS,
      because: 'the default; it outlives every idle time-out that is known, but the 5 s of httpx',
    };
  }
  if (shortest.ms / 2 < MIN_INTERVAL_MS) {
    const isEnough = shortest.ms > MIN_INTERVAL_MS;
    const because = `the shortest that there is; it is ${isEnough ? 'below' : 'too long for'} ${shortest.whose}`;
    return { intervalMs: MIN_INTERVAL_MS, because };
  }
  return { intervalMs: roundDown(shortest.ms / 2), because: `half of ${shortest.whose}` };
}

/** The silence at whose end somebody gave up. */
function gaveUpAt(facts: Facts): number[] {
  const { observation, kind } = facts;
  const { ending } = observation;
  const isClosed = ending.how === 'failed' && ending.failure.kind === 'closed';
  if (kind.name !== 'gave-up' && ending.how !== 'cut' && !isClosed) return [];
  if ((observation.body.lateHead?.status ?? 200) >= 300) return [];
  const waitedMs = (observation.head?.atMs ?? observation.endMs) - (observation.sentMs ?? 0);
  const silentMs = kind.name === 'gave-up' || isClosed ? waitedMs : lastSilenceOf(facts);
  const gaveUp = silentMs === undefined ? undefined : whoGaveUp(facts, silentMs);
  if (gaveUp !== undefined) return [gaveUp.ms];
  const { status } = observation.head ?? {};
  // Nobody knows whose it is, but that it was a time-out is said.
  return silentMs !== undefined && (status === 504 || status === 524) ? [silentMs] : [];
}

/** Two digits are enough; a clock that is a little early is none the worse. */
function roundDown(ms: number): number {
  const step = 10 ** Math.max(0, Math.floor(Math.log10(ms)) - 1);
  return Math.floor((ms * 1.005) / step) * step;
}
