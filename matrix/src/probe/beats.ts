import { INTERVAL_MS } from '../server/cases.js';
import { bad, type Cell, good } from '../table.js';
import type { Heard } from './ask.js';

/** Above what a machine delays by itself, most of the time. */
const PROMPT_MS = 100;
/** Beats that came no earlier than this before the end came with it. */
const AT_THE_END_MS = 50;

/** Counts the beats in a piece of a body: line feeds before JSON, comments in a stream. */
const BEATS = { json: /\n/g, sse: /^: .*\n\n/gm };

/** How long each beat was on its way, from the server's write to the client's ear. */
function lagsOf(
  { arrivals }: Pick<Heard, 'arrivals'>,
  sentMs: readonly number[],
  format: keyof typeof BEATS,
): number[] {
  const cameMs: number[] = [];
  let text = '';
  let counted = 0;
  for (const arrival of arrivals) {
    text += arrival.text;
    // A frame may come in two pieces, so it is counted over all that has come.
    const count = [...text.matchAll(BEATS[format])].length;
    for (; counted < count; counted += 1) cameMs.push(arrival.atMs);
  }
  return sentMs.flatMap((sent, at) => {
    const came = cameMs[at];
    return came === undefined ? [] : [came - sent];
  });
}

/** Whether beats were sent through all of the silence, and came one by one as they were sent. */
export function describeBeats(
  heard: Pick<Heard, 'arrivals'>,
  sentMs: readonly number[],
  format: keyof typeof BEATS,
  silentMs: number,
): Cell {
  const lags = lagsOf(heard, sentMs, format);
  if (sentMs.length === 0) return bad('none was sent');
  if (lags.length === 0) return bad('none arrived');
  // A busy machine beats late, but not half as often.
  if (sentMs.length < silentMs / INTERVAL_MS / 2) {
    return bad(`${sentMs.length} in ${seconds(silentMs)}`);
  }
  if (lags.length < sentMs.length) return bad(`${lags.length} of ${sentMs.length} arrived`);
  const endMs = heard.arrivals.at(-1)?.atMs ?? 0;
  const isGathered = lags.every((lag, at) => (sentMs[at] ?? 0) + lag >= endMs - AT_THE_END_MS);
  const longest = Math.max(...lags);
  if (isGathered && longest > INTERVAL_MS) return bad('gathered until the end');
  // One that came before the next was sent came by itself; the machine may have been busy for a moment.
  if (longest >= INTERVAL_MS) return bad(`up to ${seconds(longest)} late`);
  const usual = median(lags);
  return good(usual <= PROMPT_MS ? 'one by one' : `one by one, ${tens(usual)} ms late`);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

const tens = (ms: number): number => Math.round(ms / 10) * 10;
export const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
