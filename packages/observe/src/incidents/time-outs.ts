/** What a cut can be timed by: the last byte, or the beginning. */
export type TimeOutKind = 'idle' | 'total';

/** Many cuts at the same time. */
export interface TimeOut {
  readonly kind: TimeOutKind;
  /** From and to: cuts in here belong to it. */
  readonly fromMs: number;
  readonly toMs: number;
  /** In the middle of them. */
  readonly aboutMs: number;
  readonly cuts: number;
  /** How many would stand there if cuts came at any time. */
  readonly expected: number;
  /** At how many different seconds they came; more than a few are not counted. */
  readonly moments: number;
}

/** Times finer than this are one. */
const GRAIN_MS = 100;
/** Right behind a byte nothing idles out; a client that is gone is noticed there, by the next beat. */
const LEAST_MS = 400;
const LONGEST_MS = 24 * 3_600_000;
const LEAST_CUTS = 5;
/** What ends many connections at once, as a restart does, is one event and no timer, however many those are. */
const LEAST_MOMENTS = 3;
const MOMENT_MS = 1_000;
/** More moments than these are not told apart at one time. */
const MOST_MOMENTS = 5;
/** How many times more cuts than by chance, so that most of those in there are meant. */
const LEAST_EXCESS = 4;
/** One time-out in so many surveys, as a power of e, is found where there is none. */
const SURENESS = 9;
const MOST_TIME_OUTS = 10;

/** The cuts at one time. */
interface Cuts {
  count: number;
  /** A few of the seconds in which they came. */
  readonly moments: number[];
}

type CutsAt = readonly [grain: number, cuts: Cuts];

/** Finds the times at which connections are cut again and again. It keeps a count for each time only. */
export class TimeOutFinder {
  readonly #counts = { idle: new Map<number, Cuts>(), total: new Map<number, Cuts>() };

  /** `atMs`: when it was cut, since 1970. */
  add(kind: TimeOutKind, ms: number, atMs: number): void {
    if (!(ms >= LEAST_MS && ms <= LONGEST_MS)) return;
    const counts = this.#counts[kind];
    const grain = Math.round(ms / GRAIN_MS);
    const cuts = counts.get(grain) ?? { count: 0, moments: [] };
    cuts.count += 1;
    const moment = Math.floor(atMs / MOMENT_MS);
    if (cuts.moments.length < MOST_MOMENTS && !cuts.moments.includes(moment)) {
      cuts.moments.push(moment);
    }
    counts.set(grain, cuts);
  }

  find(): TimeOut[] {
    return [...peaks('idle', this.#counts.idle), ...peaks('total', this.#counts.total)];
  }
}

/** The strongest first; what belongs to one is no part of another. */
function peaks(kind: TimeOutKind, counts: ReadonlyMap<number, Cuts>): TimeOut[] {
  const times: CutsAt[] = [...counts].sort(([a], [b]) => a - b);
  const found: TimeOut[] = [];
  while (found.length < MOST_TIME_OUTS) {
    const best = strongest(kind, times);
    if (best === undefined) break;
    found.push(best);
    const inside = times.filter(([grain]) => isInside(best, grain * GRAIN_MS));
    times.splice(times.indexOf(inside[0] as CutsAt), inside.length);
  }
  return found;
}

function strongest(kind: TimeOutKind, times: readonly CutsAt[]): TimeOut | undefined {
  const sums = [0];
  for (const [, { count }] of times) sums.push((sums.at(-1) ?? 0) + count);
  const between = (from: number, to: number): number => (sums[to] ?? 0) - (sums[from] ?? 0);
  let best: TimeOut | undefined;
  let end = 0;
  let near = { from: 0, to: 0 };
  for (const [start, [grain]] of times.entries()) {
    const width = widthOf(grain * GRAIN_MS) / GRAIN_MS;
    while (end < times.length && (times[end]?.[0] ?? 0) < grain + width) end += 1;
    const cuts = between(start, end);
    near = around(times, near, grain);
    // As if the others were spread evenly from half the time to twice the time.
    const others = between(near.from, near.to) - cuts;
    const lowest = Math.max(grain / 2, times[0]?.[0] ?? 0);
    const highest = Math.min(grain * 2, times.at(-1)?.[0] ?? 0);
    const span = others === 0 ? 1.5 * grain : highest - lowest;
    const expected = ((others + 1) * width) / Math.max(width, span - width);
    const isMany = cuts >= LEAST_CUTS && cuts >= LEAST_EXCESS * expected;
    if (!isMany || cuts <= (best?.cuts ?? 0) || !isNoChance(cuts, expected, times.length)) continue;
    const inside = times.slice(start, end);
    const moments = momentsOf(inside);
    if (moments < LEAST_MOMENTS) continue;
    const fromMs = grain * GRAIN_MS - GRAIN_MS / 2;
    const toMs = (times[end - 1]?.[0] ?? grain) * GRAIN_MS + GRAIN_MS / 2;
    const aboutMs = middle(inside, cuts) * GRAIN_MS;
    best = { kind, fromMs, toMs, aboutMs, cuts, expected, moments };
  }
  return best;
}

/**
 * Chernoff's bound of the Poisson distribution: how unlikely so many are in one place. Who looks at many
 * places finds the unlikely somewhere.
 */
function isNoChance(cuts: number, expected: number, places: number): boolean {
  return cuts * Math.log(cuts / expected) - cuts + expected >= SURENESS + Math.log(places);
}

/** A hop's timer is exact; noticing and counting it is not. */
function widthOf(ms: number): number {
  return Math.max(3 * GRAIN_MS, Math.min(2_000, ms * 0.03));
}

/** Both ends only move on. */
function around(
  times: readonly CutsAt[],
  { from, to }: { from: number; to: number },
  grain: number,
): { from: number; to: number } {
  let [first, last] = [from, to];
  while (first < times.length && (times[first]?.[0] ?? 0) < grain / 2) first += 1;
  while (last < times.length && (times[last]?.[0] ?? 0) < grain * 2) last += 1;
  return { from: first, to: last };
}

function momentsOf(times: readonly CutsAt[]): number {
  const moments = new Set<number>();
  for (const [, cuts] of times) for (const moment of cuts.moments) moments.add(moment);
  return moments.size;
}

function middle(times: readonly CutsAt[], cuts: number): number {
  let seen = 0;
  for (const [grain, { count }] of times) {
    seen += count;
    if (seen * 2 >= cuts) return grain;
  }
  return 0;
}

export function isInside({ fromMs, toMs }: TimeOut, ms: number): boolean {
  return ms >= fromMs && ms <= toMs;
}
