import type { Facts } from '../facts.js';
import { lengthOf, silencesOf } from '../silence.js';
import { duration } from '../words.js';
import { type Finding, note, problem, warning } from './finding.js';
import { MIN_PATIENCE_MS, whoGaveUp } from './who-gave-up.js';

/** Whether the answer is whole, and what it says of itself. */
export function endingFindings(facts: Facts): Finding[] {
  const { observation, kind } = facts;
  const { head, body, ending } = observation;
  if (head === undefined) return [];
  const { undecodable } = body;
  return [
    ...(undecodable === undefined
      ? []
      : [
          problem('undecodable', `The body is not what its Content-Encoding says: ${undecodable}.`),
        ]),
    ...(ending.how === 'stopped' ? [note('not-waited-for', STOPPED[ending.why])] : []),
    ...lateStatus(facts),
    // A page of an error says nothing of how the work's own answer would have ended.
    ...(kind.name === 'gave-up' || kind.name === 'refused'
      ? []
      : [...cut(facts), ...unfinished(facts)]),
  ];
}

const STOPPED = {
  'max-wait': 'The doctor stopped waiting before the end (--max-wait).',
  interrupted: 'You stopped it before the end.',
  'enough-beats': 'The doctor stopped after as many beats as you asked for (--beats).',
} as const;

function lateStatusOf({ observation }: Facts): number {
  return observation.body.lateHead?.status ?? 200;
}

function lateStatus(facts: Facts): Finding[] {
  const status = lateStatusOf(facts);
  const { toldFailure } = facts.observation.body;
  if (status < 300 && !toldFailure) return [];
  const told = status < 300 ? 'an event says so' : `the late head says ${status}`;
  return [warning('work-failed', `The work failed: ${told}.`, 'Look into the log of the server.')];
}

function cut(facts: Facts): Finding[] {
  const { ending, body } = facts.observation;
  if (ending.how !== 'cut') return [];
  if (lateStatusOf(facts) >= 300) {
    return [
      note(
        'cut-on-purpose',
        "Its body was cut, so that nobody takes it for a success (lateError: 'cut').",
      ),
    ];
  }
  const silentMs = lastSilenceOf(facts);
  const who = silentMs === undefined ? undefined : whoGaveUp(facts, silentMs);
  const before = silentMs === undefined ? '' : ` after ${duration(silentMs)} of silence`;
  return [
    problem(
      'cut',
      `The body was cut${before}: ${ending.detail}.${who?.what ?? ''}${body.state === 'whole' ? ' Its document is whole all the same.' : ''}`,
      who?.cure ??
        'The server died, gave up, or somebody on the way closed the connection: look into their logs.',
    ),
  ];
}

const AT_ONCE_MS = 50;

/** The silence before the end, if it was such that somebody may have given up. */
export function lastSilenceOf({ observation, rhythm }: Facts): number | undefined {
  // A head that a hop kept back comes with the end.
  const last = silencesOf(observation).findLast((one) => lengthOf(one) >= AT_ONCE_MS);
  const isLast = last !== undefined && observation.endMs - last.toMs < AT_ONCE_MS;
  const hasBody = observation.body.arrivals.some(({ startMs }) => startMs >= (last?.toMs ?? 0));
  const ms = last === undefined || !isLast || hasBody ? 0 : lengthOf(last);
  const isLongest = rhythm.longest === undefined || ms >= lengthOf(rhythm.longest) * 0.95;
  return isLongest && ms >= MIN_PATIENCE_MS ? ms : undefined;
}

/** An end that HTTP calls clean, of a body that is not whole. */
function unfinished(facts: Facts): Finding[] {
  const { ending, body, head } = facts.observation;
  // Of what could not be decoded nobody knows how it ends.
  if (ending.how !== 'clean' || body.undecodable !== undefined) return [];
  if (body.state === 'incomplete') {
    if (lateStatusOf(facts) >= 300) {
      return [
        note(
          'cut-hidden',
          'A hop has made a clean end of the cut. No parser takes the body all the same.',
          'Nothing has to be done: it cannot be taken for a success.',
        ),
      ];
    }
    return [
      problem(
        'incomplete',
        `The end looks clean, but the body is not whole (${WHERE[body.format]}): it was cut behind a hop that hides that${byHop(facts)}.`,
        facts.hops.some(({ id }) => id === 'caddy')
          ? 'Look into the log of the server. Caddy up to 2.6 hides every cut: update it.'
          : 'Speak HTTP/1.1 to the server (nginx: proxy_http_version 1.1), so that a cut stays one.',
      ),
    ];
  }
  const silentMs = lastSilenceOf(facts);
  if (silentMs !== undefined && body.format !== 'json' && body.records > 0) {
    return [
      warning(
        'ended-in-silence',
        `The stream ended after ${duration(silentMs)} of silence, without a last event: if it was not over, a hop has cut it and hides that.${whoGaveUp(facts, silentMs)?.what ?? ''}`,
        'Have your streams end with an event of their own, such as [DONE].',
      ),
    ];
  }
  const isJson = body.format === 'json' && head?.status === 200;
  if (isJson && body.state === 'blank' && facts.observation.method !== 'HEAD') {
    return [
      problem(
        'blank',
        'The body has no payload, and JSON needs one: no parser takes it.',
        'It was cut behind a hop that hides that, or the handler sent nothing.',
      ),
    ];
  }
  return [];
}

const WHERE = {
  json: 'its JSON document has no end',
  sse: 'its last event has no end',
  ndjson: 'its last line is no whole record',
  'json-seq': 'its last record has no end',
  other: 'it has no end',
} as const;

function byHop({ hops }: Facts): string {
  return hops.length === 0 ? '' : ` (${hops.map(({ name }) => name).join(', ')})`;
}
