import type { Counts } from './counts.js';
import { type Sample, type Trend, WATCHED } from './samples.js';

interface Result {
  readonly trends: readonly Trend[];
  readonly counts: Counts;
  /** When all clients have gone. */
  readonly after: readonly Sample[];
}

/** What a person reads, and whether all is well. */
export function report({ trends, counts, after }: Result): { text: string; isWell: boolean } {
  const places = counts.entries();
  const wrong = places.flatMap(([place, { wrong }]) => wrong.map((what) => `${place}: ${what}`));
  const open = after.filter(({ holds }) => holds > 0);
  const isWell = wrong.length === 0 && open.length === 0 && trends.every(({ isFlat }) => isFlat);
  const visits = places.map(([place, { endings }]) => {
    const { right, failed, left, broken, wrong } = endings;
    return `| ${place} | ${right} | ${failed} | ${left} | ${broken} | ${wrong} |`;
  });
  const text = [
    '| adapter, path | right | failed as asked | left | broken | wrong |',
    '|---|---|---|---|---|---|',
    ...visits,
    '',
    '| adapter | what | second quarter | last quarter | when all have gone | |',
    '|---|---|---|---|---|---|',
    ...trends.map((trend) => trendLine(trend, after)),
    ...(trends.length === 0 ? ['(too short for a trend)'] : []),
    '',
    ...wrong.map((what) => `wrong: ${what}`),
    ...open.map(({ adapter, holds }) => `${adapter}: ${holds} holds never ended`),
    isWell ? 'All is well.' : 'NOT WELL.',
    '',
  ];
  return { text: text.join('\n'), isWell };
}

function trendLine(
  { adapter, what, early, late, isFlat }: Trend,
  after: readonly Sample[],
): string {
  const { unit, per } = WATCHED[what];
  const show = (value: number): string => `${Math.round((value / per) * 10) / 10} ${unit}`.trim();
  const gone = after.find((sample) => sample.adapter === adapter)?.[what] ?? Number.NaN;
  const verdict = isFlat ? 'flat' : 'GROWS';
  return `| ${adapter} | ${what} | ${show(early)} | ${show(late)} | ${show(gone)} | ${verdict} |`;
}
