import { headerOf } from '../exchange/plan.js';
import type { Facts } from '../facts.js';
import type { Observation } from '../observation.js';
import type { Batch } from '../rhythm.js';
import { lengthOf, silencesOf } from '../silence.js';
import { count, duration, size } from '../words.js';
import { type Stretch, stretchesOf } from './stretches.js';

/** One line of the drawing. */
export interface Row {
  readonly atMs: number | undefined;
  readonly sign:
    | 'request'
    | 'silence'
    | 'head'
    | 'beat'
    | 'burst'
    | 'data'
    | 'late'
    | 'end'
    | 'cut'
    | 'stop'
    | 'more';
  readonly text: string;
}

/** More than that says less. */
const MAX_STRETCHES = 12;

/** What came and when, in the order of time; what repeats is one row. */
export function rowsOf(facts: Facts): Row[] {
  const { observation } = facts;
  const { head, line, sentMs, firstByteMs, ending } = observation;
  const isAsked = !(ending.how === 'failed' && ending.failure.kind === 'not-sent');
  // Without a connection and a request there is nothing to draw.
  if (line === undefined || !isAsked) return [];
  const rows: Row[] = [{ atMs: 0, sign: 'request', text: requestText(observation) }];
  for (const { status, atMs } of observation.interim.slice(0, 3)) {
    rows.push({ atMs, sign: 'head', text: `${status}, an interim answer` });
  }
  if (observation.interimCount > 3) {
    const text = `${observation.interimCount - 3} more interim answers`;
    rows.push({ atMs: undefined, sign: 'more', text });
  }
  const beginsMs = observation.interim[0]?.atMs ?? head?.atMs ?? observation.endMs;
  if (firstByteMs !== undefined && isLater(beginsMs, firstByteMs)) {
    rows.push({ atMs: firstByteMs, sign: 'head', text: 'the first byte' });
  }
  if (head !== undefined) {
    const silentMs = head.atMs - Math.min(sentMs ?? 0, head.atMs);
    rows.push(...silence(facts, silentMs));
    rows.push({ atMs: head.atMs, sign: 'head', text: headText(facts) });
  }
  rows.push(...bodyRows(facts));
  const last = silencesOf(observation).at(-1);
  if (last !== undefined) rows.push(...silence(facts, lengthOf(last)));
  rows.push(endRow(observation));
  return rows;
}

/** Of a head that came in pieces, or never to its end. */
function isLater(ms: number, firstByteMs: number): boolean {
  return ms - firstByteMs > 50;
}

function requestText({ line, sentMs }: Observation): string {
  if (line === undefined) return '';
  const { dnsMs, tcpMs, tlsMs, tlsVersion } = line;
  const steps = [
    ...(dnsMs === undefined ? [] : [`DNS ${duration(dnsMs)}`]),
    `TCP ${duration(tcpMs)}`,
    ...(tlsMs === undefined ? [] : [`${tlsVersion ?? 'TLS'} ${duration(tlsMs)}`]),
  ];
  const upload = (sentMs ?? 0) > 100 ? `; its body took ${duration(sentMs ?? 0)}` : '';
  return `request sent (before: ${steps.join(', ')})${upload}`;
}

function headText({ observation, announcedMs, kind }: Facts): string {
  const { head } = observation;
  if (head === undefined) return '';
  const type = headerOf(head.headers, 'content-type');
  const held =
    kind.name === 'held' || kind.name === 'held-stream'
      ? `, held: a beat every ${announcedMs === undefined ? '?' : duration(announcedMs)}`
      : '';
  return `${head.status} ${head.reason}`.trim() + (type === undefined ? '' : `, ${type}`) + held;
}

function bodyRows(facts: Facts): Row[] {
  const { body } = facts.observation;
  const stretches = stretchesOf(body.arrivals, facts.rhythm.batches);
  const rows: Row[] = [];
  const shown =
    stretches.length <= MAX_STRETCHES ? stretches : stretches.slice(0, MAX_STRETCHES - 4);
  const tail = stretches.length <= MAX_STRETCHES ? [] : stretches.slice(-3);
  let fromMs = facts.observation.head?.atMs ?? 0;
  const add = (stretch: Stretch): void => {
    rows.push(...silence(facts, stretch.startMs - fromMs));
    rows.push(stretchRow(stretch));
    fromMs = stretch.endMs;
  };
  for (const stretch of shown) add(stretch);
  if (tail.length > 0) {
    const middle = stretches.slice(MAX_STRETCHES - 4, -3);
    rows.push({ atMs: undefined, sign: 'more', text: middleText(middle) });
    fromMs = middle.at(-1)?.endMs ?? fromMs;
    for (const stretch of tail) add(stretch);
  }
  return withLateHead(rows, facts.observation);
}

function middleText(stretches: readonly Stretch[]): string {
  const beats = stretches.flatMap((one) => (one.kind === 'beats' ? one.batches : []));
  const bytes = stretches.reduce((sum, one) => sum + (one.kind === 'data' ? one.bytes : 0), 0);
  return `and so on: ${count(beatsOf(beats), 'beat')}, ${size(bytes)} of data`;
}

function stretchRow(stretch: Stretch): Row {
  const { startMs: atMs, endMs } = stretch;
  if (stretch.kind === 'data') {
    const pieces = stretch.pieces === 1 ? '' : `, in ${stretch.pieces} pieces`;
    const span = endMs - atMs < 250 ? '' : ` over ${duration(endMs - atMs)}`;
    return { atMs, sign: 'data', text: `data: ${size(stretch.bytes)}${pieces}${span}` };
  }
  const { batches } = stretch;
  const sizes = batches.map(({ beats }) => beats);
  const largest = Math.max(...sizes);
  if (largest === 1) {
    return {
      atMs,
      sign: 'beat',
      text: `${count(batches.length, 'beat')}${apart(batches, ', one by one, every')}`,
    };
  }
  const smallest = Math.min(...sizes);
  const each = smallest === largest ? `${largest}` : `${smallest} to ${largest}`;
  const text =
    batches.length === 1
      ? `${largest} beats at once`
      : `${beatsOf(batches)} beats, ${each} at once${apart(batches, ', every')}`;
  return { atMs, sign: 'burst', text };
}

function apart(batches: readonly Batch[], word: string): string {
  const gaps = batches.slice(1).map((batch, at) => batch.startMs - (batches[at]?.endMs ?? 0));
  if (gaps.length === 0) return '';
  const min = duration(Math.min(...gaps));
  const max = duration(Math.max(...gaps));
  return `${word} ${min === max ? min : `${min} to ${max}`}`;
}

function beatsOf(batches: readonly Batch[]): number {
  return batches.reduce((sum, { beats }) => sum + beats, 0);
}

/** Worth a row if it is a good part of the whole. */
function silence({ observation }: Facts, ms: number): Row[] {
  if (ms < 50 || ms < observation.endMs / 25) return [];
  return [{ atMs: undefined, sign: 'silence', text: `${duration(ms)} of silence` }];
}

function withLateHead(rows: Row[], { body }: Observation): Row[] {
  const { lateHead, lateHeadMs } = body;
  if (lateHead === undefined || lateHeadMs === undefined) return rows;
  const headers = lateHead.headers.map(([name, value]) => `, ${name}: ${value}`).join('');
  const at = rows.findIndex(({ atMs, sign }) => sign === 'data' && (atMs ?? 0) >= lateHeadMs - 1);
  const row: Row = {
    atMs: lateHeadMs,
    sign: 'late',
    text: `late head: ${lateHead.status}${headers}`,
  };
  return rows.toSpliced(at === -1 ? rows.length : at, 0, row);
}

function endRow({ ending, endMs: atMs, head }: Observation): Row {
  switch (ending.how) {
    case 'clean':
      return { atMs, sign: 'end', text: 'the end, as HTTP demands' };
    case 'cut':
      return { atMs, sign: 'cut', text: `cut: ${ending.detail}` };
    case 'stopped':
      return {
        atMs,
        sign: 'stop',
        text: `the doctor stopped${head === undefined ? '; nothing had come' : ''}`,
      };
    case 'failed':
      return { atMs, sign: 'cut', text: ending.failure.message };
  }
}
