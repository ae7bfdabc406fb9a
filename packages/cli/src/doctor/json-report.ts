import type { Diagnosis } from './diagnosis.js';
import { lengthOf, type Silence, silencesOf } from './silence.js';
import type { TimeOut } from './time-outs.js';
import { visibleJson } from './visible.js';

/** More silences than that are in the arrivals. */
const MAX_SILENCES = 100;

/** Everything that was seen and found, for a program. Times are milliseconds from the request on. */
export function jsonReport({ facts, findings, standing, verdict, advice }: Diagnosis): string {
  const { observation, kind, hops, rhythm, announcedMs, intervalMs } = facts;
  const { method, url, line, ending, sentMs, firstByteMs, head, body, endMs } = observation;
  const report = {
    url,
    method,
    verdict,
    advice,
    kind,
    findings,
    hops: hops.map(({ name }) => name),
    connection: line,
    sentMs,
    firstByteMs,
    interim: observation.interim,
    interimCount: observation.interimCount,
    head,
    firstBodyByteMs: body.arrivals[0]?.startMs,
    beats: {
      announcedMs,
      intervalMs,
      count: rhythm.beats,
      arrival: rhythm.arrival,
      largestBatch: rhythm.largestBatch,
      gapMs: rhythm.gapMs,
      batches: rhythm.batches,
    },
    silences: {
      longest: silence(rhythm.longest),
      all: silencesOf(observation)
        .filter((one) => lengthOf(one) >= 1)
        .toSorted((a, b) => lengthOf(b) - lengthOf(a))
        .slice(0, MAX_SILENCES)
        .map(silence),
    },
    body: { ...body, opening: body.opening.slice(0, 200) },
    ending,
    endMs,
    stalledMs: observation.stalledMs,
    preflight: observation.preflight,
    timeOuts: {
      knownIdle: standing.idle,
      outlived: standing.outlived,
      tooShort: standing.tooShort.map(timeOut),
      total: standing.total.map(timeOut),
    },
  };
  return `${visibleJson(JSON.stringify(report, rounded, 2))}\n`;
}

function silence(one: Silence | undefined) {
  return one === undefined ? undefined : { ...one, ms: lengthOf(one) };
}

function timeOut({ name, kind, ms, setting, source }: TimeOut) {
  return { name, kind, ms, setting, source };
}

/** Microseconds are more than anybody measured. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value * 1_000) / 1_000 : value;
}
