import type { Observation } from './observation.js';

/** Nothing came. */
export interface Silence {
  readonly fromMs: number;
  readonly toMs: number;
  /** `open`: a beat could have come. `inside`: of an event, a string, or behind data of no format. */
  readonly where: 'before-head' | 'open' | 'inside';
}

export function lengthOf({ fromMs, toMs }: Silence): number {
  return toMs - fromMs;
}

/** Every stretch in which nothing came, from the end of the request to the end of the answer. */
export function silencesOf({ sentMs, head, body, endMs }: Observation): Silence[] {
  if (sentMs === undefined && head === undefined) return [];
  const sent = Math.min(sentMs ?? 0, head?.atMs ?? endMs);
  if (head === undefined) return [{ fromMs: sent, toMs: endMs, where: 'before-head' }];
  const silences: Silence[] = [{ fromMs: sent, toMs: head.atMs, where: 'before-head' }];
  let fromMs = head.atMs;
  let takesBeat = body.format !== 'other';
  for (const arrival of body.arrivals) {
    silences.push({ fromMs, toMs: arrival.startMs, where: takesBeat ? 'open' : 'inside' });
    fromMs = arrival.endMs;
    takesBeat = arrival.takesBeat;
  }
  silences.push({ fromMs, toMs: endMs, where: takesBeat ? 'open' : 'inside' });
  return silences;
}

export function longestOf(silences: readonly Silence[]): Silence | undefined {
  return silences.reduce<Silence | undefined>(
    (longest, one) => (longest === undefined || lengthOf(one) > lengthOf(longest) ? one : longest),
    undefined,
  );
}
