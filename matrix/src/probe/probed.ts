import { NotOnThisMachine } from '../programs.js';
import { afterAll, type Cell, type FailedRow, type Row, wordsOf } from '../table.js';
import type { ProbedFront } from './front.js';
import {
  PROBE_COLUMNS,
  type ProbeCells,
  type ProbeColumn,
  probe,
  type Timing,
} from './questions.js';
import { type Known, weigh } from './weigh.js';

/** The least that all proxies can count. */
export const IDLE_SECONDS = 2;
/** Three times as long, for lighttpd gives up at up to twice its time-out. */
const TIMING: Timing = { workMs: 3 * IDLE_SECONDS * 1_000, leavesAfterMs: 1_200 };

/** Asks a front everything; once more if that went badly. */
export async function probed(
  front: ProbedFront,
  known?: Known,
  timing: Timing = TIMING,
): Promise<ProbeCells> {
  const first = weigh(await probe(front, timing), known);
  if (Object.values(first).every(({ verdict }) => verdict !== 'bad')) return first;
  const second = weigh(await probe(front, timing), known);
  const both = PROBE_COLUMNS.map((column) => [column, afterAll(first[column], second[column])]);
  // Every column is in it: it was made of the columns.
  return Object.fromEntries(both) as Record<ProbeColumn, Cell>;
}

/** A row for what is not here, and for what is here and will not run. */
export function rowOfFailure(name: string, error: unknown): FailedRow {
  if (error instanceof NotOnThisMachine) return { name, absent: error.message };
  return { name, failed: wordsOf(error) };
}

/** What is said of a row when it is done. */
export function summary<Column extends string>(row: Row<Column>): string {
  if ('absent' in row) return `${row.name}: not on this machine: ${row.absent}`;
  if ('failed' in row) return `${row.name}: FAILED: ${row.failed}`;
  const cells = Object.entries<Cell>(row.cells).map(
    ([column, { verdict, text }]) =>
      `${verdict === 'bad' ? 'NOT AS PROMISED: ' : ''}${column}: ${text}`,
  );
  return `${row.name} ${row.version}\n  ${cells.join('\n  ')}`;
}
