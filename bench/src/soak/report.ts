import type { Left, SoakResult } from './result.js';
import { TOLERANCE, type Trend, WATCHED } from './samples.js';

/** What a person reads, and whether all is well. */
export function report(result: Pick<SoakResult, 'visits' | 'trends' | 'after'>): {
  text: string;
  isWell: boolean;
} {
  const { visits, trends, after } = result;
  const wrong = visits.flatMap(([place, { wrong }]) => wrong.map((what) => `${place}: ${what}`));
  const open = after.filter(({ holds }) => holds > 0);
  const grows = trends.some(({ verdict }) => verdict === 'GROWS');
  const isWell = wrong.length === 0 && open.length === 0 && !grows;
  const rows = visits.map(([place, { endings }]) => {
    const { right, failed, left, broken, wrong } = endings;
    return `| ${place} | ${right} | ${failed} | ${left} | ${broken} | ${wrong} |`;
  });
  const text = [
    '| adapter, path | right | failed as asked | left | broken | wrong |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
    '| adapter | what | second quarter | last quarter | when all have gone | |',
    '|---|---|---|---|---|---|',
    ...trends.map((trend) => trendLine(trend, after)),
    ...(trends.length === 0 ? ['(too short for a trend)'] : []),
    '',
    `Flat: the last quarter is at most ${Math.round((TOLERANCE - 1) * 100)} % above the second, and ${slacks()}.`,
    '',
    ...wrong.map((what) => `wrong: ${what}`),
    ...open.map(({ adapter, holds }) => `${adapter}: ${holds} holds never ended`),
    isWell ? 'All is well.' : 'NOT WELL.',
    '',
  ];
  return { text: text.join('\n'), isWell };
}

/** What else a growth may be. */
function slacks(): string {
  return Object.entries(WATCHED)
    .map(
      ([what, { slack, per, unit }]) => `${slack / per}${unit === '' ? '' : ` ${unit}`} of ${what}`,
    )
    .join(', ');
}

function trendLine({ adapter, what, early, late, verdict }: Trend, after: readonly Left[]): string {
  const { unit, per } = WATCHED[what];
  const show = (value: number): string => `${Math.round((value / per) * 10) / 10} ${unit}`.trim();
  const gone = after.find((sample) => sample.adapter === adapter)?.[what] ?? Number.NaN;
  return `| ${adapter} | ${what} | ${show(early)} | ${show(late)} | ${show(gone)} | ${verdict} |`;
}
