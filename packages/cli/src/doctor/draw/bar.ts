import type { Observation } from '../observation.js';
import type { Batch } from '../rhythm.js';
import { duration } from '../words.js';
import type { Style } from './style.js';

type Cell = 'withheld' | 'silence' | 'head' | 'beat' | 'burst' | 'data';

const SIGNS: Readonly<Record<Cell, string>> = {
  withheld: '╌',
  silence: '─',
  head: '┃',
  beat: '•',
  burst: '●',
  data: '█',
};
/** Of what falls into one column the stronger is seen. */
const STRENGTH: readonly Cell[] = ['withheld', 'silence', 'head', 'beat', 'burst', 'data'];

/** The whole exchange on one line, and a scale below it. */
export function drawBar(
  { head, body, endMs, ending }: Observation,
  batches: readonly Batch[],
  { colors, width }: Style,
): string[] {
  const columns = Math.max(10, width - 4);
  const cells: Cell[] = new Array(columns).fill('withheld');
  const columnAt = (ms: number): number =>
    Math.min(columns - 1, Math.max(0, Math.floor((ms / endMs) * columns)));
  const put = (from: number, to: number, cell: Cell): void => {
    for (let at = from; at <= to; at += 1) {
      if (STRENGTH.indexOf(cell) > STRENGTH.indexOf(cells[at] ?? 'withheld')) cells[at] = cell;
    }
  };
  if (head !== undefined) {
    put(columnAt(head.atMs), columns - 1, 'silence');
    put(columnAt(head.atMs), columnAt(head.atMs), 'head');
  }
  for (const { startMs, beats } of batches) {
    put(columnAt(startMs), columnAt(startMs), beats > 1 ? 'burst' : 'beat');
  }
  for (const { kind, startMs, endMs: until } of body.arrivals) {
    if (kind === 'data') put(columnAt(startMs), columnAt(until), 'data');
  }
  const paint: Readonly<Record<Cell, (text: string) => string>> = {
    withheld: colors.dim,
    silence: colors.dim,
    head: colors.bold,
    beat: colors.cyan,
    burst: colors.yellow,
    data: colors.green,
  };
  const end = {
    clean: colors.green('┤'),
    cut: colors.red('✗'),
    failed: colors.red('✗'),
    stopped: colors.yellow('…'),
  }[ending.how];
  const bar = runsOf(cells)
    .map(({ cell, length }) => paint[cell](SIGNS[cell].repeat(length)))
    .join('');
  return [`  ${bar}${end}`, `  ${colors.dim(scale(endMs, columns))}`];
}

function runsOf(cells: readonly Cell[]): { cell: Cell; length: number }[] {
  const runs: { cell: Cell; length: number }[] = [];
  for (const cell of cells) {
    const last = runs.at(-1);
    if (last?.cell === cell) last.length += 1;
    else runs.push({ cell, length: 1 });
  }
  return runs;
}

function scale(endMs: number, columns: number): string {
  const start = '0 s';
  const middle = duration(endMs / 2);
  const end = duration(endMs);
  const before = Math.floor((columns - middle.length) / 2) - start.length;
  const after = columns + 1 - start.length - before - middle.length - end.length;
  return `${start}${' '.repeat(Math.max(1, before))}${middle}${' '.repeat(Math.max(1, after))}${end}`;
}
