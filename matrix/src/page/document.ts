import type { Table } from '../table.js';

/** Rows of a document that are not to be had now: whoever puts what was made into it loses them. */
export function lostFrom(document: string, tables: readonly Table<string>[]): string[] {
  const absent = tables.flatMap(({ rows }) => rows.filter((row) => 'absent' in row));
  const names = new Set(absent.map(({ name }) => name));
  const lines = document.split('\n');
  // Their version stands behind the name and before what was set.
  return [...names].filter((name) => {
    const [program, ...settings] = name.split(', ');
    const end = settings.map((setting) => `, ${setting} |`).join('');
    return lines.some((line) => {
      const title = line.split(' | ', 1)[0] ?? '';
      return title.startsWith(`| ${program} `) && `${title} |`.endsWith(end);
    });
  });
}

/** Puts what was made between the markers of a document; what stands around them is a person's. */
export function fill(document: string, blocks: Readonly<Record<string, string>>): string {
  let filled = document;
  for (const [name, text] of Object.entries(blocks)) {
    const begin = `<!-- matrix: ${name} -->`;
    const end = `<!-- /matrix: ${name} -->`;
    const from = filled.indexOf(begin);
    const to = filled.indexOf(end);
    if (from < 0 || to < from) {
      throw new Error(
        `the document has no place for ${name}: put "${begin}" and "${end}" into it.`,
      );
    }
    if (filled.lastIndexOf(begin) !== from || filled.lastIndexOf(end) !== to) {
      throw new Error(`the document has two places for ${name}: take one of them out.`);
    }
    filled = `${filled.slice(0, from + begin.length)}\n\n${text}\n\n${filled.slice(to)}`;
  }
  return filled;
}
