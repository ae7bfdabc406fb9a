import { DEFAULT_INTERVAL_MS } from '@holdopen/core';
import type { Facts } from '../facts.js';
import { lengthOf } from '../silence.js';
import { TIME_OUTS } from '../time-outs.js';
import { duration, list } from '../words.js';
import { type Finding, note, problem, warning } from './finding.js';
import { whoGaveUp } from './who-gave-up.js';

/** Longer than the default interval and its slack, no answer of ours is silent. */
const MAX_PLAIN_SILENCE_MS = DEFAULT_INTERVAL_MS * 1.25;
/** A hop that says so earlier has not waited. */
const MIN_WAIT_MS = 250;

/** What is wrong with an answer that is not held. */
export function answerFindings(facts: Facts): Finding[] {
  const { kind, observation } = facts;
  switch (kind.name) {
    case 'redirect':
      return [
        problem(
          'redirect',
          `It is somewhere else: ${kind.location}.`,
          'Ask there; no redirect is followed.',
        ),
      ];
    case 'gave-up':
      return [gaveUp(facts)];
    case 'refused':
      return [refused(kind.status, observation.method)];
    case 'answer':
      return notHeld(facts);
    case 'stream':
      return [...notHeld(facts), ...streamAtOnce(facts)];
    default:
      return [];
  }
}

function gaveUp(facts: Facts): Finding {
  const { observation, hops } = facts;
  const { head, sentMs = 0 } = observation;
  const waitedMs = (head?.atMs ?? 0) - sentMs;
  const status = `${head?.status} ${head?.reason ?? ''}`.trim();
  if (waitedMs < MIN_WAIT_MS && head?.status !== 504 && head?.status !== 524) {
    const name = hops[0]?.name ?? 'A hop';
    return problem(
      'server-away',
      `${status} at once: ${name} does not reach the server behind it.`,
      'Look whether the server runs, and at the address that the hop has of it.',
    );
  }
  const who = whoGaveUp(facts, waitedMs);
  return problem(
    'hop-gave-up',
    `${status}: your hop gave up at ${duration(waitedMs)}.${who?.what ?? ''}`,
    `Wrap the handler in holdOpen(), or give it a shorter firstBeatMs and intervalMs. ${who?.cure ?? ''}`.trim(),
  );
}

function refused(status: number, method: string): Finding {
  const what = `The answer is ${status}, so there was nothing to hold.`;
  if (status === 405) return problem('error-status', what, `Another method than ${method}: -X.`);
  if (status === 406) return problem('error-status', what, "Another type: -H 'Accept: …'.");
  if (status === 401 || status === 403) {
    return problem('error-status', what, "Say who asks: -H 'Authorization: …'.");
  }
  if (status === 429)
    return problem('error-status', what, 'Wait, as Retry-After says, and ask again.');
  if (status >= 500 && status < 600) {
    return problem('error-status', what, 'Look into the log of the server.');
  }
  return problem('error-status', what, 'Ask as your client does: its path, -X, -H and -d.');
}

function notHeld({ observation, rhythm, idleLimitsMs }: Facts): Finding[] {
  const { longest, beats } = rhythm;
  if (longest === undefined) return [];
  const silentMs = lengthOf(longest);
  // A stream of somebody else's, with beats of its own.
  if (rhythm.arrival === 'one-by-one' && silentMs < (rhythm.everyMs ?? 0) * 2) return [];
  const bearableMs = Math.min(MAX_PLAIN_SILENCE_MS, ...idleLimitsMs);
  if (silentMs < bearableMs) {
    if (beats > 0 || observation.ending.how !== 'clean') return [];
    return [
      note(
        'nothing-to-hold',
        `The longest silence was ${duration(silentMs)}, before any beat was due.`,
        'Ask for something that takes longer to see whether beats get through.',
      ),
    ];
  }
  const hurt = TIME_OUTS.filter(({ ms, kind }) => kind === 'idle' && ms <= silentMs);
  const names = hurt.slice(0, 4).map(({ name }) => name);
  const more = hurt.length > 4 ? [`${hurt.length - 4} more`] : [];
  const who = hurt.length === 0 ? '' : ` ${list([...names, ...more])} would have given up by then.`;
  return [
    problem(
      'not-held',
      `Nothing came for ${duration(silentMs)}${beats === 0 ? ', and no beats' : ''}: this answer is not held.${who}`,
      "Wrap its handler in holdOpen(). Where it is mounted over all routes, ask with -H 'Accept: application/json'.",
    ),
  ];
}

/** A stream of which all came together with its head, when it was over. */
function streamAtOnce({ observation, hops, coding }: Facts): Finding[] {
  const { head, body, ending } = observation;
  const [only, second] = body.arrivals;
  if (head === undefined || only === undefined || second !== undefined) return [];
  const isAtOnce = only.endMs - head.atMs < 50 && head.atMs > 500 && ending.how === 'clean';
  if (!isAtOnce || body.records < 2) return [];
  const named = hops.find((hop) => (coding === undefined ? hop.cure : hop.codedCure) !== undefined);
  const cure = coding === undefined ? named?.cure : named?.codedCure;
  return [
    warning(
      'stream-at-once',
      `All ${body.records} events came at once with the head, after ${duration(head.atMs)}: if the server sends them one by one, something on the way gathers them.`,
      `Send X-Accel-Buffering: no and Cache-Control: no-transform with the stream.${named === undefined ? '' : ` ${named.name}: ${cure}.`}`,
    ),
  ];
}
