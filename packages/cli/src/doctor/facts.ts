import { codingOf } from './exchange/plan.js';
import { type Hop, hopsOf, timeOutsOf, wrotePage } from './hops.js';
import { type Kind, kindOf } from './kind.js';
import type { Observation } from './observation.js';
import { type Rhythm, rhythmOf } from './rhythm.js';
import { isAbout } from './time-outs.js';

/** What was seen, and what follows from it without any judgement. */
export interface Facts {
  readonly observation: Observation;
  readonly kind: Kind;
  readonly isHeld: boolean;
  readonly hops: readonly Hop[];
  readonly rhythm: Rhythm;
  /** What the server says of its beats; `undefined` if nothing. */
  readonly announcedMs: number | undefined;
  /** The same, or else how often they came. */
  readonly intervalMs: number | undefined;
  /** The content coding, if the body has one. */
  readonly coding: string | undefined;
  /** Idle time-outs that the asker knows of. */
  readonly idleLimitsMs: readonly number[];
}

export function factsOf(observation: Observation, idleLimitsMs: readonly number[]): Facts {
  const { head, body } = observation;
  const headers = head?.headers ?? [];
  const page = head !== undefined && head.status >= 400 ? body.opening : '';
  const hops = hopsOf(headers, page);
  const waitedMs = (head?.atMs ?? 0) - (observation.sentMs ?? 0);
  const isOfHop =
    hops.some((hop) => wrotePage(hop, page)) ||
    timeOutsOf(hops).some(({ ms }) => isAbout(waitedMs, ms));
  const kind = kindOf(observation, isOfHop);
  const announcedMs = 'intervalMs' in kind ? kind.intervalMs : undefined;
  const rhythm = rhythmOf(observation, announcedMs);
  const measuredMs = rhythm.arrival === 'one-by-one' ? rhythm.everyMs : undefined;
  return {
    observation,
    kind,
    isHeld: kind.name === 'held' || kind.name === 'held-stream',
    hops,
    rhythm,
    announcedMs,
    intervalMs: announcedMs ?? measuredMs,
    coding: codingOf(headers),
    idleLimitsMs,
  };
}
