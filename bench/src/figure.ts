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
  /** 95 % interval of a value that has no spread. */
  readonly interval?: readonly [low: number, high: number];
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
  /** What this machine cannot measure and why; it stands on the page, too. */
  leaveOut(text: string): void;
}

export type Verdict = 'met' | 'met?' | 'missed' | 'missed?' | '';

/** A question mark: the interval lies on both sides of the target. */
export function verdict(figure: Figure): Verdict {
  const { value, ratio, target } = figure;
  if (target === undefined) return '';
  const measured = target.of === 'value' ? value : ratio;
  if (measured === undefined) return '';
  const isMet = measured <= target.atMost;
  const [low, high] = intervalOf(figure) ?? [measured, measured];
  if (high <= target.atMost) return 'met';
  if (low > target.atMost) return 'missed';
  return isMet ? 'met?' : 'missed?';
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
  const { item, value, unit, ratio, target } = figure;
  return [
    item,
    `${rounded(value)} ${unit}`,
    ratio === undefined ? '' : ratio.toFixed(3),
    spreadText(figure),
    target === undefined ? '' : `≤ ${target.atMost} ${target.of === 'ratio' ? '×' : unit}`,
    verdict(figure),
  ];
}

export function intervalOf({ spread, interval }: Figure): Spread['interval'] {
  return spread?.interval ?? interval;
}

function spreadText(figure: Figure): string {
  const { spread, ratio } = figure;
  const show = ratio === undefined ? rounded : (number: number) => number.toFixed(3);
  const interval = intervalOf(figure);
  return [
    ...(spread === undefined
      ? []
      : [`${show(spread.min)} … ${show(spread.max)} of ${spread.samples}`]),
    ...(interval === undefined ? [] : [`95 % ${show(interval[0])} … ${show(interval[1])}`]),
  ].join(', ');
}

/** As many digits as mean something. */
export function rounded(value: number): string {
  const size = Math.abs(value);
  if (size >= 100) return value.toFixed(0);
  return size >= 10 ? value.toFixed(1) : value.toFixed(2);
}
