import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { holdFetch } from '@holdopen/client';
import type { Case } from '../server/cases.js';
import type { Seen } from '../server/log.js';
import { routeTo } from '../server/server.js';
import { bad, type Cell, good, plain, wordsOf } from '../table.js';
import { ask, type Heard, type Question } from './ask.js';
import { describeBeats, seconds } from './beats.js';
import type { ProbedFront } from './front.js';

/** What is asked of every proxy, in the order of the table. */
export const PROXY_COLUMNS = [
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
export type ProxyColumn = (typeof PROXY_COLUMNS)[number];
export type ProxyCells = Readonly<Record<ProxyColumn, Cell>>;

export interface Timing {
  /** How long handlers work; streams do so twice. */
  readonly workMs: number;
  /** When the client that leaves does so. */
  readonly leavesAfterMs: number;
}

const ANSWER = '{"answer":"held"}';
const SSE = 'text/event-stream';
const SLACK_MS = 6_000;

/** Asks everything of one front, all at once: nearly all of it is waiting. */
export async function probe(front: ProbedFront, timing: Timing): Promise<ProxyCells> {
  const asked = (name: Case, more: Partial<Question> = {}) => once(front, name, timing, more);
  const [silent, json, events, ownHead, cut, cutFetch, cutClient, body, broken, brokenFetch, left] =
    await Promise.all([
      asked('silent'),
      asked('json'),
      asked('events', { method: 'GET', accept: SSE }),
      asked('events-own-head', { method: 'GET', accept: SSE }),
      asked('cut'),
      fetched(front, 'cut', timing),
      seenByClient(front, timing),
      asked('body'),
      asked('events-cut', { method: 'GET', accept: SSE }),
      fetched(front, 'events-cut', timing),
      asked('json', { leavesAfterMs: timing.leavesAfterMs }),
    ]);
  return {
    silent: describeSilent(silent),
    json: describeAnswer(json),
    jsonBeats: plain(describeBeats(json.heard, json.seen.beatsMs, 'json')),
    events: describeEvents(events.heard),
    eventBeats: plain(describeBeats(events.heard, events.seen.beatsMs, 'sse')),
    ownHeadBeats: plain(describeBeats(ownHead.heard, ownHead.seen.beatsMs, 'sse')),
    cut: describeCut(cut.heard),
    cutFetch,
    cutClient,
    body: describeBody(body.heard),
    eventsCut: plain(wireWords(broken.heard)),
    eventsCutFetch: brokenFetch,
    leaves: await describeLeaving(left),
    header: json.heard.headers.holdopen === undefined ? bad('lost') : good('passes'),
  };
}

interface Asked {
  readonly heard: Heard;
  readonly seen: Seen;
}

function address({ port }: ProbedFront, name: Case, { workMs }: Timing, id: string): string {
  return `http://127.0.0.1:${port}${routeTo('plain', name, workMs)}?id=${id}`;
}

async function once(
  front: ProbedFront,
  name: Case,
  timing: Timing,
  more: Partial<Question>,
): Promise<Asked> {
  const id = randomUUID();
  const heard = await ask({
    url: address(front, name, timing, id),
    method: 'POST',
    accept: 'application/json',
    acceptsGzip: front.acceptsGzip,
    limitMs: 2 * timing.workMs + SLACK_MS,
    ...more,
  });
  return { heard, seen: front.server.log.of(id) };
}

function describeSilent({ heard, seen }: Asked): Cell {
  if (heard.status === 200 && heard.text === ANSWER) return plain('waits');
  const what = heard.status ?? wireWords(heard);
  const again = seen.requests > 1 ? `; asked ${seen.requests} times` : '';
  return plain(`${what} after ${seconds(heard.tookMs)}${again}`);
}

function describeAnswer({ heard, seen }: Asked): Cell {
  const isRight = heard.ending === 'clean' && heard.text.trim() === ANSWER;
  if (!isRight) return bad(`${heard.status ?? ''} ${wireWords(heard)}`.trim());
  return good(`lives (HTTP/${seen.httpVersion})`);
}

function describeEvents(heard: Heard): Cell {
  const payload = heard.text.replace(/^: .*\n\n/gm, '');
  const isRight = heard.ending === 'clean' && payload === 'data: first\n\ndata: last\n\n';
  return isRight ? good('live') : bad(`${heard.status ?? ''} ${wireWords(heard)}`.trim());
}

/** A late failure must not look like a success to anybody who parses it. */
function describeCut(heard: Heard): Cell {
  return parses(heard.text) && heard.ending === 'clean'
    ? bad(`taken for a success: ${heard.text.trim()}`)
    : good(wireWords(heard));
}

function describeBody(heard: Heard): Cell {
  const isWhole = heard.ending === 'clean' && heard.text.trim() === '{"error":"unprocessable"}';
  return isWhole ? good('whole, 200') : bad(`${heard.status ?? ''} ${wireWords(heard)}`.trim());
}

async function fetched(front: ProbedFront, name: Case, timing: Timing): Promise<Cell> {
  try {
    const response = await fetch(address(front, name, timing, randomUUID()), {
      method: name === 'cut' ? 'POST' : 'GET',
      headers: { accept: name === 'cut' ? 'application/json' : SSE },
      signal: AbortSignal.timeout(2 * timing.workMs + SLACK_MS),
    });
    if (name !== 'cut') {
      await response.text();
      return plain('ends as if whole');
    }
    return bad(`taken for a success: ${JSON.stringify(await response.json())}`);
  } catch (error) {
    const words = wordsOf(error);
    return name === 'cut' ? good(words) : plain(words);
  }
}

/** Our own client is to see the true status, whatever is in between. */
async function seenByClient(front: ProbedFront, timing: Timing): Promise<Cell> {
  try {
    const response = await holdFetch(address(front, 'cut', timing, randomUUID()), {
      method: 'POST',
      headers: { accept: 'application/json' },
    });
    const text = await response.text();
    const isTrue = response.status === 422 && text === '{"error":"unprocessable"}';
    return (isTrue ? good : bad)(isTrue ? '422, whole' : `${response.status} ${text}`);
  } catch (error) {
    return bad(wordsOf(error));
  }
}

/** The server may be told late: it is waited for until its handler has nothing left to do. */
async function describeLeaving({ heard, seen }: Asked): Promise<Cell> {
  while (seen.leftMs === undefined && !seen.isOver) await delay(20);
  if (seen.leftMs === undefined) return plain('never noticed');
  return plain(`noticed after ${seconds(Math.max(0, seen.leftMs - heard.endedMs))}`);
}

function wireWords({ ending, headers, text }: Heard): string {
  if (ending === 'gave up') return 'nothing ends it';
  if (ending === 'none') return 'no answer';
  if (ending === 'reset') return 'reset';
  if (ending === 'clean') return text.trim() === '' ? 'clean end, empty' : 'clean end';
  return headers['transfer-encoding'] === 'chunked' ? 'cut: no last chunk' : 'cut short';
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
