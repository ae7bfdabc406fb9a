import type { colorsFor } from '../../terminal.js';

export type Colors = ReturnType<typeof colorsFor>;

/** What a report is drawn with. */
export interface Style {
  readonly colors: Colors;
  /** Columns. */
  readonly width: number;
}

/** Lines of at most `width` columns, broken at spaces; a word that is longer is broken itself. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    for (let rest = word; ; ) {
      const joined = line === '' ? rest : `${line} ${rest}`;
      if (joined.length <= width) {
        line = joined;
        break;
      }
      if (line === '') {
        lines.push(rest.slice(0, width));
        rest = rest.slice(width);
      } else {
        lines.push(line);
        line = '';
      }
    }
  }
  return line === '' ? lines : [...lines, line];
}
