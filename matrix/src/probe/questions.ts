import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Case } from '../server/cases.js';
import type { Seen } from '../server/log.js';
import { routeTo } from '../server/route.js';
import { bad, type Cell, good, plain, wrong } from '../table.js';
import { ask, type Heard, type Question } from './ask.js';
import { describeBeats, seconds } from './beats.js';
import { fetchedAsUsual, fetchedByHoldFetch } from './fetched.js';
import type { ProbedFront } from './front.js';

/** What is asked of every front, in the order of the table. */
export const PROBE_COLUMNS = [
  'silent',
  'json',
  'jsonBeats',
  'events',
  'eventBeats',
  'ownHeadBeats',
  'cut',
  'cutFetch',
  'cutClient',
  'body',
  'eventsCut',
  'eventsCutFetch',
  'leaves',
  'header',
] as const;
export type ProbeColumn = (typeof PROBE_COLUMNS)[number];
export type ProbeCells = Readonly<Record<ProbeColumn, Cell>>;

export interface Timing {
  /** How long handlers work; streams do so twice. */
  readonly workMs: number;
  /** When the client that leaves does so. */
  readonly leavesAfterMs: number;
}

const ANSWER = '{"answer":"held"}';
const FAILURE = '{"error":"unprocessable"}';
const EVENTS = 'data: first\n\ndata: last\n\n';
const SSE = { method: 'GET', accept: 'text/event-stream' } as const;
/** Above what any hop adds to it. */
const SLACK_MS = 6_000;

const limitMsOf = ({ workMs }: Timing): number => 2 * workMs + SLACK_MS;

/** Asks everything of one front, all at once: nearly all of it is waiting. */
export async function probe(front: ProbedFront, timing: Timing): Promise<ProbeCells> {
  const asked = (name: Case, more: Partial<Question> = {}) => once(front, name, timing, more);
  const call = (name: Case) => ({
    ...urlOf(front, name, timing),
    front,
    limitMs: limitMsOf(timing),
  });
  const [silent, json, events, ownHead, cut, cutFetch, cutClient, body, broken, brokenFetch, left] =
    await Promise.all([
      asked('silent'),
      asked('json'),
      asked('events', SSE),
      asked('events-own-head', SSE),
      asked('cut'),
      fetchedAsUsual(call('cut'), 'json'),
      fetchedByHoldFetch(call('cut'), FAILURE),
      asked('body'),
      asked('events-cut', SSE),
      fetchedAsUsual(call('events-cut'), 'events'),
      asked('json', { leavesAfterMs: timing.leavesAfterMs }),
    ]);
  return {
    silent: describeSilent(silent),
    json: describeAnswer(json),
    jsonBeats: describeBeats(json.heard, json.seen.beatsMs, 'json', timing.workMs),
    events: describeEvents(events.heard),
    eventBeats: describeBeats(events.heard, events.seen.beatsMs, 'sse', 2 * timing.workMs),
    ownHeadBeats: describeBeats(ownHead.heard, ownHead.seen.beatsMs, 'sse', 2 * timing.workMs),
    cut: describeCut(cut),
    cutFetch,
    cutClient,
    body: describeBody(body.heard),
    eventsCut: describeBroken(broken),
    eventsCutFetch: brokenFetch,
    leaves: await describeLeaving(front, left, timing),
    header: describeHeader(json.heard),
  };
}

interface Asked {
  readonly id: string;
  readonly heard: Heard;
  /** As it was when the client had its end. */
  readonly seen: Seen;
}

function urlOf(
  { origin }: Pick<ProbedFront, 'origin'>,
  name: Case,
  { workMs }: Timing,
): { readonly url: string; readonly id: string } {
  const id = randomUUID();
  return { id, url: `${origin}${routeTo({ wire: 'plain', name, workMs, id })}` };
}

async function once(
  front: ProbedFront,
  name: Case,
  timing: Timing,
  more: Partial<Question>,
): Promise<Asked> {
  const { id, url } = urlOf(front, name, timing);
  const heard = await ask({
    url,
    version: front.version ?? '1.1',
    method: 'POST',
    accept: 'application/json',
    acceptsGzip: front.acceptsGzip,
    limitMs: limitMsOf(timing),
    ...more,
  });
  return { id, heard, seen: await front.seen(id) };
}

function describeSilent({ heard, seen }: Asked): Cell {
  if (heard.status === 200 && heard.text === ANSWER) return plain('waits');
  const what = heard.status ?? wireWords(heard);
  const again = seen.requests > 1 ? `; asked ${seen.requests} times` : '';
  return plain(`${what} after ${seconds(heard.tookMs)}${again}`);
}

function describeAnswer({ heard, seen }: Asked): Cell {
  const isRight = heard.ending === 'clean' && heard.text.trim() === ANSWER;
  if (!isRight) return other(heard);
  return good(seen.httpVersion === undefined ? 'lives' : `lives (HTTP/${seen.httpVersion})`);
}

function describeHeader({ status, headers }: Heard): Cell {
  if (headers.holdopen !== undefined) return good('passes');
  return status === 200 ? wrong('lost') : bad('no held head');
}

function describeEvents(heard: Heard): Cell {
  const payload = heard.text.replace(/^: .*\n\n/gm, '');
  return heard.ending === 'clean' && payload === EVENTS ? good('live') : other(heard);
}

/** A late failure must not look like a success to anybody, whether he parses it or not. */
function describeCut({ heard, seen }: Asked): Cell {
  if (parses(heard.text) && heard.ending === 'clean') {
    return wrong(`taken for a success: ${heard.text.trim()}`);
  }
  return brokenAsMeant(heard, seen);
}

function describeBroken({ heard, seen }: Asked): Cell {
  return brokenAsMeant(heard, seen);
}

/** An error that came before the handler's own is another one. */
function brokenAsMeant(heard: Heard, seen: Seen): Cell {
  const words = wireWords(heard);
  if (!seen.isOver || heard.status !== 200) return bad(`${words}, before it was to break`);
  if (heard.ending === 'clean') return wrong(words);
  return heard.ending === 'gave up' ? bad(words) : good(words);
}

function describeBody(heard: Heard): Cell {
  const isWhole = heard.status === 200 && heard.ending === 'clean' && heard.text.trim() === FAILURE;
  return isWhole ? good('whole, 200') : other(heard);
}

/** The server may be told late: it is waited for until its handler has nothing left to do. */
async function describeLeaving(
  { seen }: ProbedFront,
  { id, heard }: Asked,
  timing: Timing,
): Promise<Cell> {
  if (heard.ending !== 'left') return bad(`did not live until then: ${wireWords(heard)}`);
  const deadlineMs = heard.endedMs + limitMsOf(timing);
  for (;;) {
    const { leftMs, isOver, requests } = await seen(id);
    if (leftMs !== undefined) {
      return good(`noticed after ${seconds(Math.max(0, leftMs - heard.endedMs))}`);
    }
    if (isOver) return bad('never noticed');
    // On a busy machine the client may have left before its request did.
    if (Date.now() > deadlineMs) return bad(requests === 0 ? 'never asked' : 'never noticed');
    await delay(20);
  }
}

/** What came in place of what was to come. */
function other(heard: Heard): Cell {
  if (heard.status === 200 && heard.ending === 'clean') {
    return wrong(`200, and not what was sent: ${heard.text.trim()}`);
  }
  return bad([heard.status, wireWords(heard)].filter((word) => word !== undefined).join(' '));
}

function wireWords({ ending, cutBy, text }: Heard): string {
  if (ending === 'gave up') return 'nothing ends it';
  if (ending === 'none') return 'no answer';
  if (ending === 'cut') return `cut: ${cutBy ?? 'short'}`;
  if (ending === 'clean') return text.trim() === '' ? 'clean end, empty' : 'clean end';
  return ending;
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
