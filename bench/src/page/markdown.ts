import { cells, type Figure, HEADINGS, intervalOf, rounded, verdict } from '../figure.js';
import { whyMissed } from './reasons.js';
import type { Result } from './result.js';

/** One benchmark: its pictures, its conditions, what it missed, and all its figures. */
export function section(result: Result, pictures: readonly string[]): string {
  const missed = result.figures.filter(isMissed);
  return [
    ...pictures.map((file) => `![${result.benchmark}](${file})\n`),
    conditions(result),
    ...(missed.length === 0 ? [] : ['', '**Missed**', '', ...missed.map(missedLine)]),
    '',
    '<details>',
    '<summary>All figures</summary>',
    '',
    figureTable(result.figures),
    ...notes(result.figures),
    '',
    '</details>',
  ].join('\n');
}

/** How many targets each benchmark met, and what was missed of all. */
export function summary(results: readonly Result[]): string {
  const rows = results.map((result) => {
    const { benchmark, figures } = result;
    const verdicts = figures.map(verdict);
    const of = (wanted: string): string => {
      const found = verdicts.filter((one) => one === wanted).length;
      return found === 0 ? '' : String(found);
    };
    const cellsOfRow = [
      `[${benchmark}](#${benchmark})`,
      whenMeasured(result),
      ...['met', 'met?', 'missed?', 'missed'].map(of),
    ];
    return `| ${cellsOfRow.join(' | ')} |`;
  });
  const missed = results.flatMap(({ figures }) => figures.filter(isMissed));
  return [
    '| benchmark | measured | met | met? | missed? | missed |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
    ...(missed.length === 0
      ? ['No target is missed.']
      : ['**Missed**', '', ...missed.map(missedLine)]),
  ].join('\n');
}

export const NOT_MEASURED = '*Not measured yet: `npm run bench` writes it.*';

function isMissed(figure: Figure): boolean {
  return verdict(figure).startsWith('missed');
}

function missedLine(figure: Figure): string {
  const { item, value, unit, ratio, target } = figure;
  const isRatio = target?.of === 'ratio';
  const measured = isRatio ? `${ratio?.toFixed(3)} ×` : `${cells(figure)[1]}`;
  const interval = intervalOf(figure);
  const show = isRatio ? (end: number) => end.toFixed(3) : rounded;
  const between = interval === undefined ? '' : ` (95 % ${interval.map(show).join(' to ')})`;
  const absolute = isRatio ? `, ${cells({ item, value, unit })[1]}` : '';
  const goal = `${target?.atMost} ${isRatio ? '×' : unit}`;
  const unsure = verdict(figure) === 'missed?' ? ', not for certain' : '';
  return `- ${item}: ${measured}${between}${absolute}; at most ${goal} was wanted${unsure}. ${whyMissed(item) ?? 'Why has not been looked into.'}`;
}

function conditions(result: Result): string {
  const { node, machine, command, seconds, loadBefore, busyBefore, leftOut = [] } = result;
  const before =
    busyBefore === undefined
      ? `load average ${loadBefore.toFixed(2)} before`
      : `processors ${Math.round(busyBefore * 100)} % busy with other things before`;
  const measured = `*${whenMeasured(result)}, Node ${node}, ${machine}, ${before}; \`${command}\`, ${Math.round(seconds)} s.*`;
  return [measured, ...leftOut.map((text) => `Not measured: ${text}.`)].join('\n\n');
}

/** Parts of the page may be from different days, and of different code. */
function whenMeasured({ date, commit }: Result): string {
  return `${date.slice(0, 10)}${commit === undefined ? '' : ` at ${commit}`}`;
}

function figureTable(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => {
    const row = cells(figure);
    // A miss is not to be overlooked in a long table.
    const last = row.at(-1) ?? '';
    const marked = last.startsWith('missed') ? `**${last}**` : last;
    return `| ${[...row.slice(0, -1), marked].join(' | ')} |`;
  });
  const rule = HEADINGS.map(() => '---').join('|');
  return [`| ${HEADINGS.join(' | ')} |`, `|${rule}|`, ...rows].join('\n');
}

function notes(figures: readonly Figure[]): string[] {
  const noted = figures.filter(({ note }) => note !== undefined);
  return noted.length === 0 ? [] : ['', ...noted.map(({ item, note }) => `- ${item}: ${note}.`)];
}
