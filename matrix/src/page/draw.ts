import type { Cell, Row, Table } from '../table.js';

/** Some of a table's columns under the titles that a reader sees. */
export type Titles<Column extends string> = Partial<Readonly<Record<Column, string>>>;

const MARKS = { good: '✓ ', bad: '✗ ', odd: '≠ ', plain: '' };
const MAX_LENGTH = 100;

/** A table in Markdown: one line for each row that was run or failed. Nothing if there is none. */
export function drawTable<Column extends string>(
  { columns, rows }: Table<Column>,
  corner: string,
  titles: Titles<Column>,
  /** Over the rows' notes; without it they are not shown. */
  noteTitle?: string,
): string {
  if (rows.length === 0) return '';
  const shown = columns.filter((column) => titles[column] !== undefined);
  const lines = [
    [corner, noteTitle, ...shown.map((column) => titles[column])],
    ['---', noteTitle && '---', ...shown.map(() => '---')],
    ...rows.flatMap((row) => ('absent' in row ? [] : [drawRow(row, shown, noteTitle)])),
  ].map((cells) => cells.filter((cell) => cell !== undefined));
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** What could not be tried and why; nothing is guessed. */
export function drawAbsent(tables: readonly Table<string>[]): string {
  const absent = tables.flatMap(({ rows }) => rows.filter((row) => 'absent' in row));
  if (absent.length === 0) return 'Nothing was missing on that machine.';
  const lines = absent.map(({ name, absent }) => `- ${name}: ${shorten(absent)}`);
  return ['Not on that machine:', '', ...lines].join('\n');
}

function drawRow<Column extends string>(
  row: Exclude<Row<Column>, { readonly absent: string }>,
  shown: readonly Column[],
  noteTitle: string | undefined,
): (string | undefined)[] {
  if ('failed' in row) {
    const failure = `✗ did not run: ${shorten(row.failed)}`;
    return [row.name, noteTitle && '', failure, ...shown.slice(1).map(() => '')];
  }
  const note = noteTitle && (row.note ?? '');
  return [titleOf(row.name, row.version), note, ...shown.map((one) => drawCell(row.cells[one]))];
}

/** The version goes to the name, not behind what was set. */
function titleOf(name: string, version: string): string {
  const [program, ...settings] = name.split(', ');
  return [`${program} ${version}`.trim(), ...settings].join(', ');
}

function drawCell({ verdict, text }: Cell): string {
  return `${MARKS[verdict]}${shorten(text)}`;
}

/** On one line, without what is another at each run, and nothing that Markdown would take for its own. */
function shorten(text: string): string {
  const line = text
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/https?:\/\/127\.0\.0\.1:\d+[^\s"']*/g, '…')
    .replaceAll(/127\.0\.0\.1:\d+/g, '…')
    .replaceAll(/port=\d+/g, 'port=…')
    .trim();
  const short = line.length > MAX_LENGTH ? `${line.slice(0, MAX_LENGTH)}…` : line;
  return short.replaceAll(/[|*_<>`\\[\]]/g, '\\$&');
}
