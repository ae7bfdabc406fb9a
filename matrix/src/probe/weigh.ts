import { bad, type Cell, plain } from '../table.js';
import { PROBE_COLUMNS, type ProbeCells, type ProbeColumn } from './questions.js';

/** What is known of a front that holdopen cannot better, in the words of the cells. */
export type Known = Partial<Readonly<Record<ProbeColumn, RegExp>>>;

/** It ends a broken answer as if it were whole. */
export const HIDES_CUTS: Known = {
  cut: /^clean end$/,
  eventsCut: /^clean end$/,
  eventsCutFetch: /^ends as if whole$/,
};
/** It has no time-out for silence. */
export const WAITS: Known = { silent: /^waits$/ };

/** A hop whose time-out does not kill the silent handler proves nothing of the held one. */
const USUAL: Known = { silent: / after \d/ };

/** Takes out of the verdicts what is known, and tells what is known and was not to be seen. */
export function weigh(cells: ProbeCells, known: Known = {}): ProbeCells {
  const weighed = PROBE_COLUMNS.map((column) => [
    column,
    weighCell(cells[column], known[column], USUAL[column]),
  ]);
  // Every column is in it: it was made of the columns.
  return Object.fromEntries(weighed) as Record<ProbeColumn, Cell>;
}

function weighCell(cell: Cell, known: RegExp | undefined, usual: RegExp | undefined): Cell {
  if (known === undefined) {
    return usual === undefined || usual.test(cell.text) ? cell : bad(`${cell.text}: unexpected`);
  }
  if (known.test(cell.text)) return plain(cell.text);
  return cell.verdict === 'bad' ? cell : { ...cell, verdict: 'odd' };
}
