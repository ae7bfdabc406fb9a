import type { Facts } from '../facts.js';
import { lengthOf } from '../silence.js';
import { duration } from '../words.js';
import { type Finding, note, problem, warning } from './finding.js';

/** What a machine that is busy adds to a silence. */
const SLACK_MS = 500;

function slackOf({ observation }: Facts): number {
  return SLACK_MS + observation.stalledMs;
}

/** Whether beats get through, and one by one. */
export function beatFindings(facts: Facts): Finding[] {
  if (facts.rhythm.arrival === 'bursts') return [gathered(facts), ...stalled(facts)];
  return [
    ...stalled(facts),
    ...delayed(facts),
    ...missing(facts),
    ...tooFew(facts),
    ...lateHead(facts),
  ];
}

/** Worth knowing where it is a good part of an interval. */
function stalled({ observation, intervalMs }: Facts): Finding[] {
  const { stalledMs } = observation;
  if (intervalMs === undefined || stalledMs < intervalMs / 2) return [];
  return [
    note(
      'doctor-stalled',
      `This machine was so busy that the doctor did not get to look for ${duration(stalledMs)}; times may be off by as much.`,
      'Ask again when it is less busy.',
    ),
  ];
}

/** Kept back, but for so short a time that nobody gives up meanwhile. */
function delayed({ rhythm }: Facts): Finding[] {
  const { largestBatch, keptBackMs } = rhythm;
  if (largestBatch < 2 || keptBackMs === undefined) return [];
  return [
    note(
      'beats-delayed',
      `Up to ${largestBatch} beats came at once: some were kept back for ${duration(keptBackMs)}, too few or too short to do harm.`,
      'HAProxy does so for a fifth of a second, unless it has option http-no-delay.',
    ),
  ];
}

function gathered({ rhythm, observation, hops, coding }: Facts): Finding {
  const { beats, largestBatch, batches } = rhythm;
  const { head } = observation;
  const [first] = batches;
  const isAtEnd =
    batches.length === 1 && head !== undefined && (first?.startMs ?? 0) - head.atMs < 50;
  const how = isAtEnd
    ? `All ${beats} beats came at once, together with the head, after ${duration(head.atMs)}`
    : batches.length === 1
      ? `All ${beats} beats came at once, at ${duration(first?.startMs ?? 0)}`
      : `Beats come in bursts, up to ${largestBatch} of ${beats} at once`;
  const cause =
    coding === undefined
      ? 'something on the way keeps small writes back'
      : `something on the way compresses (${coding}) and waits until it has enough`;
  return problem(
    'beats-gathered',
    `${how}: ${cause}. The next hop and the client see silence.`,
    cureFor(hops, coding),
  );
}

function cureFor(hops: Facts['hops'], coding: string | undefined): string {
  const cures = hops.flatMap((hop) => {
    const cure = coding === undefined ? hop.cure : (hop.codedCure ?? hop.cure);
    return cure === undefined ? [] : [`${hop.name}: ${cure}.`];
  });
  if (cures.length > 0) return cures.join(' ');
  return coding === undefined
    ? 'Nothing here says who it is. nginx: proxy_buffering off. Varnish: do_gzip = false, do_stream = true. lighttpd: server.stream-response-body = 1. Caddy: flush_interval -1.'
    : 'Nothing here says who it is. Have nobody compress this type: nginx: gzip off. HAProxy: no compression type for it. Caddy: no encode. Varnish: do_gzip = false. Apache: no-gzip.';
}

/** Beats that were due. */
function missing(facts: Facts): Finding[] {
  const { rhythm, announcedMs, isHeld, kind, observation } = facts;
  const { longestOpen, beats } = rhythm;
  const { ending, endMs, body } = observation;
  const swallowed =
    'Something on the way swallows them or keeps them back: nginx without X-Accel-Buffering (proxy_ignore_headers), a relay that parses the stream and drops its comments.';
  if (kind.name === 'held' && beats === 0 && body.bytes > 0 && body.format !== 'other') {
    return [
      problem('beats-missing', 'The head says that it is held, but there is no beat.', swallowed),
    ];
  }
  if (!isHeld || announcedMs === undefined || longestOpen === undefined) return [];
  const silentMs = lengthOf(longestOpen);
  if (silentMs < announcedMs * 2 + slackOf(facts)) return [];
  const isAtEnd = longestOpen.toMs === endMs && ending.how !== 'clean';
  return [
    problem(
      'beats-missing',
      `Beats are due every ${duration(announcedMs)}, but for ${duration(silentMs)} none came${isAtEnd ? ', until the end' : ''}.`,
      beats === 0
        ? swallowed
        : 'The server was busy for so long, or something on the way kept them back, or the connection was dead.',
    ),
  ];
}

function tooFew({ rhythm, isHeld, announcedMs, observation, coding }: Facts): Finding[] {
  if (!isHeld || rhythm.beats > 1) return [];
  if (observation.body.format === 'other') {
    const why =
      coding === undefined
        ? 'The format is none that the doctor knows'
        : `The body comes under ${coding}, which the doctor cannot decode`;
    return [note('beats-unreadable', `${why}, so that beats cannot be told from data.`)];
  }
  const stopped = observation.ending.how === 'stopped' ? ' Or wait longer: --max-wait.' : '';
  const longer = announcedMs === undefined ? '' : ` than ${duration(announcedMs * 3)}`;
  return [
    note(
      'too-few-beats',
      `There ${rhythm.beats === 0 ? 'was no beat' : 'was one beat'}, which is too few to say whether they come one by one.`,
      `Ask for something that takes longer${longer}.${stopped}`,
    ),
  ];
}

/** The head of a held answer that came much later than its interval says. */
function lateHead(facts: Facts): Finding[] {
  const { kind, announcedMs, observation } = facts;
  const { head, sentMs = 0 } = observation;
  if (kind.name !== 'held' || announcedMs === undefined || head === undefined) return [];
  const waitedMs = head.atMs - sentMs;
  if (waitedMs < announcedMs * 2 + slackOf(facts)) return [];
  return [
    warning(
      'head-late',
      `The head came after ${duration(waitedMs)}, though beats are due every ${duration(announcedMs)}.`,
      'firstBeatMs is longer than intervalMs, the upload took so long, or something on the way keeps the head back.',
    ),
  ];
}
