/** What one cell says, and whether holdopen keeps there what it promises. */
export interface Cell {
  /** `good` and `bad` are about promises; `plain` is a fact about somebody else's program. */
  readonly verdict: 'good' | 'bad' | 'plain';
  readonly text: string;
}

export const good = (text: string): Cell => ({ verdict: 'good', text });
export const bad = (text: string): Cell => ({ verdict: 'bad', text });
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
  | { readonly name: string; readonly absent: string }
  /** It is here, but would not run at all. */
  | { readonly name: string; readonly failed: string };

export interface Table<Column extends string> {
  readonly columns: readonly Column[];
  readonly rows: readonly Row<Column>[];
}

/** Every promise was kept wherever it could be tried. */
export function isKept<Column extends string>({ rows }: Table<Column>): boolean {
  return rows.every((row) => {
    if ('absent' in row) return true;
    if ('failed' in row) return false;
    return Object.values<Cell>(row.cells).every(({ verdict }) => verdict !== 'bad');
  });
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

/** Runs a few at once and keeps the order of what they give. */
export async function inTurns<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let at = next++; at < items.length; at = next++) {
      const item = items[at];
      if (item !== undefined) results[at] = await work(item);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}
