import type { Spread } from './statistics.js';

/** One line of the table. */
export interface Figure {
  readonly item: string;
  readonly value: number;
  readonly unit: string;
  /** To the bare counterpart of the same run. */
  readonly ratio?: number;
  /** Of the ratio, or of the value where there is none. */
  readonly spread?: Spread;
  readonly target?: Target;
  readonly note?: string;
  /** Where the value stands in a chart of its page, if it is in one. */
  readonly series?: Series;
}

/** One point: of which chart, on which line, at which number of connections. */
interface Series {
  readonly chart: string;
  readonly line: string;
  readonly at: number;
}

interface Target {
  readonly of: 'value' | 'ratio';
  readonly atMost: number;
}

/** What a benchmark is given. */
export interface Plan {
  /** Tiny sizes: shows that it runs, proves nothing. */
  readonly quick: boolean;
  /** Of the idle benchmark, one after the other. */
  readonly connections: readonly number[];
  /** Progress, for whoever waits. */
  say(text: string): void;
}

export type Verdict = 'met' | 'met?' | 'missed' | 'missed?' | '';

/** A question mark: the interval lies on both sides of the target. */
export function verdict({ value, ratio, spread, target }: Figure): Verdict {
  if (target === undefined) return '';
  const measured = target.of === 'value' ? value : ratio;
  if (measured === undefined) return '';
  const met = measured <= target.atMost;
  const interval = spread?.interval;
  const clear =
    interval === undefined || target.atMost < interval[0] || target.atMost >= interval[1];
  return `${met ? 'met' : 'missed'}${clear ? '' : '?'}`;
}

export const HEADINGS = ['item', 'figure', 'ratio', 'spread', 'target', ''];

export function table(figures: readonly Figure[]): string {
  const rows = [HEADINGS, ...figures.map(cells)];
  const widths = HEADINGS.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  const [head, ...body] = rows.map(line);
  const notes = figures.flatMap(({ item, note }) => (note === undefined ? [] : `${item}: ${note}`));
  return [head, rule, ...body, ...(notes.length > 0 ? ['', ...notes] : [])].join('\n');
}

/** One row of the table, by its headings. */
export function cells(figure: Figure): string[] {
  const { item, value, unit, ratio, spread, target } = figure;
  return [
    item,
    `${rounded(value)} ${unit}`,
    ratio === undefined ? '' : ratio.toFixed(3),
    spread === undefined ? '' : spreadText(spread, ratio !== undefined),
    target === undefined ? '' : `≤ ${target.atMost} ${target.of === 'ratio' ? '×' : unit}`,
    verdict(figure),
  ];
}

function spreadText(spread: Spread, isRatio: boolean): string {
  const show = isRatio ? (number: number) => number.toFixed(3) : rounded;
  const range = `${show(spread.min)} … ${show(spread.max)} of ${spread.samples}`;
  if (spread.interval === undefined) return range;
  return `${range}, 95 % ${show(spread.interval[0])} … ${show(spread.interval[1])}`;
}

/** As many digits as mean something. */
export function rounded(value: number): string {
  const size = Math.abs(value);
  if (size >= 100) return value.toFixed(0);
  return size >= 10 ? value.toFixed(1) : value.toFixed(2);
}
