import type { Arrival, Observation } from './observation.js';
import { longestOf, type Silence, silencesOf } from './silence.js';

/** Beats that came together. */
export interface Batch {
  readonly startMs: number;
  readonly endMs: number;
  readonly beats: number;
}

export interface Rhythm {
  readonly beats: number;
  readonly arrival: 'none' | 'too-few' | 'one-by-one' | 'bursts';
  readonly batches: readonly Batch[];
  /** The most beats that came at once. */
  readonly largestBatch: number;
  /** Between batches with nothing else in between; `undefined` if there were none. */
  readonly gapMs:
    | { readonly median: number; readonly min: number; readonly max: number }
    | undefined;
  /** How often beats were sent, judged by when they came. */
  readonly everyMs: number | undefined;
  /** The longest time for which a beat was kept back; `undefined` if that cannot be said. */
  readonly keptBackMs: number | undefined;
  readonly longest: Silence | undefined;
  /** The longest of those in which a beat could have come. */
  readonly longestOpen: Silence | undefined;
}

/** Beats closer than that have come at once, where nobody says how often they are sent. */
const SAME_BATCH_MS = 20;
/** Of so many beats in a hundred a busy machine may be the cause. */
const TOLERATED_SHARE = 0.34;
/** HAProxy keeps small writes back for a fifth of a second. */
const HARMLESS_DELAY_MS = 400;

export function rhythmOf(observation: Observation, intervalMs: number | undefined): Rhythm {
  const { arrivals } = observation.body;
  // A server sends no beat before its interval is over: what is much closer has been kept back.
  const sameMs = intervalMs === undefined ? SAME_BATCH_MS : Math.min(intervalMs / 4, 2_000);
  const { batches, gaps } = gather(arrivals, sameMs);
  const beats = batches.reduce((sum, batch) => sum + batch.beats, 0);
  const largestBatch = Math.max(0, ...batches.map((batch) => batch.beats));
  const silences = silencesOf(observation);
  const gapMs = spread(gaps);
  const together = batches.reduce((sum, batch) => sum + (batch.beats > 1 ? batch.beats : 0), 0);
  const everyMs = gapMs === undefined ? undefined : (gapMs.median * batches.length) / beats;
  const keptBackMs = longestDelay(batches, intervalMs ?? everyMs ?? Number.POSITIVE_INFINITY);
  // A frame of several comments looks like a burst, but comes each time.
  const isInTime =
    intervalMs !== undefined && batches.length > 2 && (gapMs?.median ?? 0) <= intervalMs * 1.5;
  const isGathered =
    together / beats > TOLERATED_SHARE &&
    !isInTime &&
    keptBackMs >= HARMLESS_DELAY_MS + observation.stalledMs;
  return {
    beats,
    arrival: arrivalOf(beats, isGathered),
    batches,
    largestBatch,
    gapMs,
    everyMs,
    keptBackMs: Number.isFinite(keptBackMs) ? keptBackMs : undefined,
    longest: longestOf(silences),
    longestOpen: longestOf(silences.filter(({ where }) => where === 'open')),
  };
}

/** Of the first beat of a batch, by those that came with it and by the silence before. */
function longestDelay(batches: readonly Batch[], intervalMs: number): number {
  const delays = batches.map(({ beats, startMs }, at) => {
    if (beats < 2) return 0;
    const before = batches[at - 1];
    const silentMs = before === undefined ? 0 : startMs - before.endMs;
    // Nothing is kept back for longer than since it was asked for.
    return Math.min(startMs, Math.max((beats - 1) * intervalMs, silentMs - intervalMs));
  });
  return Math.max(0, ...delays);
}

function arrivalOf(beats: number, isTogether: boolean): Rhythm['arrival'] {
  if (beats === 0) return 'none';
  if (beats === 1) return 'too-few';
  return isTogether ? 'bursts' : 'one-by-one';
}

/** The batches, and the gaps between those that follow each other. */
function gather(arrivals: readonly Arrival[], sameMs: number) {
  const batches: Batch[] = [];
  const gaps: number[] = [];
  let isAfterBeat = false;
  for (const { kind, startMs, endMs, count } of arrivals) {
    if (kind === 'data') {
      isAfterBeat = false;
      continue;
    }
    const last = batches.at(-1);
    const gapMs = last === undefined ? 0 : startMs - last.endMs;
    if (last !== undefined && isAfterBeat && gapMs < sameMs) {
      batches[batches.length - 1] = { ...last, endMs, beats: last.beats + count };
      continue;
    }
    if (last !== undefined && isAfterBeat) gaps.push(gapMs);
    batches.push({ startMs, endMs, beats: count });
    isAfterBeat = true;
  }
  return { batches, gaps };
}

function spread(gaps: readonly number[]): Rhythm['gapMs'] {
  const sorted = gaps.toSorted((a, b) => a - b);
  const [min] = sorted;
  const max = sorted.at(-1);
  const median = sorted[Math.floor(sorted.length / 2)];
  if (min === undefined || max === undefined || median === undefined) return undefined;
  return { median, min, max };
}
