/** Controls, marks that turn the direction of writing, and halves of characters. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;

/** Why an incident is what it is called quotes what it says of itself. */
export const LONGEST_REASON = 200;

/** What came from outside, so that no terminal obeys it. */
export function plain(text: string, longest = 60): string {
  const safe = text.slice(0, 4 * longest).replace(UNSAFE, '\uFFFD');
  const characters = [...safe];
  return characters.length <= longest ? safe : `${characters.slice(0, longest - 1).join('')}…`;
}

export function count(number: number): string {
  return number.toLocaleString('en');
}

/** `2026-11-21 19:57` */
export function minute(time: string): string {
  return new Date(time).toISOString().slice(0, 16).replace('T', ' ');
}

const BARS = '▁▂▃▄▅▆▇█';

/** One character for each number; a space for none. */
export function sparkline(numbers: readonly number[], highest: number): string {
  return numbers
    .map((number) => {
      if (number === 0) return ' ';
      return BARS[Math.min(BARS.length - 1, Math.floor((number / highest) * BARS.length))];
    })
    .join('');
}

/** Columns of equal width; numbers stand right. */
export function table(rows: readonly (readonly string[])[], right: readonly number[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [at, cell] of row.entries()) {
      widths[at] = Math.max(widths[at] ?? 0, [...cell].length);
    }
  }
  return rows.map((row) =>
    row
      .map((cell, at) => {
        const space = ' '.repeat((widths[at] ?? 0) - [...cell].length);
        return right.includes(at) ? space + cell : cell + space;
      })
      .join('  ')
      .trimEnd(),
  );
}
