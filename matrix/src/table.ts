/** What one cell says, and whether holdopen keeps there what it promises. */
export interface Cell {
  /**
   * `good` and `bad` are about promises; `plain` is a fact about somebody else's program, and `odd` one
   * that came otherwise than this repository says.
   */
  readonly verdict: 'good' | 'bad' | 'odd' | 'plain';
  readonly text: string;
  /** It is bad in a way that no busy machine can be to blame for. */
  readonly isWrong?: true;
}

export const good = (text: string): Cell => ({ verdict: 'good', text });
export const bad = (text: string): Cell => ({ verdict: 'bad', text });
export const wrong = (text: string): Cell => ({ verdict: 'bad', text, isWrong: true });
export const plain = (text: string): Cell => ({ verdict: 'plain', text });

/** A row that was run, or one that could not be and why. */
export type Row<Column extends string> =
  | {
      readonly name: string;
      readonly version: string;
      /** How it was set up. */
      readonly note?: string;
      readonly cells: Readonly<Record<Column, Cell>>;
    }
  | FailedRow;

export type FailedRow =
  | { readonly name: string; readonly absent: string }
  /** It is here, but would not run at all. */
  | { readonly name: string; readonly failed: string };

export interface Table<Column extends string> {
  readonly columns: readonly Column[];
  readonly rows: readonly Row<Column>[];
}

/** Every promise was kept wherever it could be tried. */
export function isKept<Column extends string>({ rows }: Table<Column>): boolean {
  return rows.every((row) => !('failed' in row) && !hasCell(row, 'bad'));
}

/** Something came otherwise than this repository says. */
export function isOdd<Column extends string>({ rows }: Table<Column>): boolean {
  return rows.some((row) => hasCell(row, 'odd'));
}

function hasCell<Column extends string>(row: Row<Column>, wanted: Cell['verdict']): boolean {
  if (!('cells' in row)) return false;
  return Object.values<Cell>(row.cells).some(({ verdict }) => verdict === wanted);
}

/**
 * What is made of a cell that was asked twice: what a busy machine brought too late comes in time then, and
 * what was wrong stays wrong. That there was a first time stays to be seen.
 */
export function afterAll(first: Cell, second: Cell): Cell {
  if (first.verdict !== 'bad') return second.verdict === 'bad' && second.isWrong ? second : first;
  if (first.isWrong) return first;
  if (second.verdict === 'bad') return second;
  return { ...second, text: `${second.text} (asked twice; at first: ${first.text})` };
}

/** What went wrong, in few words and on one line. */
export function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? ` (${codeOf(error.cause)})` : '';
  return `${error.name}: ${error.message}${cause}`;
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
