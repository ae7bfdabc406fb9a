const OPENING = /<!-- bench (\S+) -->\n/g;
const CLOSING = '<!-- /bench -->';

/**
 * Puts text between the marks of a page, `<!-- bench NAME -->` and `<!-- /bench -->`. All else was written
 * by hand and stays.
 */
export function fillMarks(page: string, write: (name: string) => string): string {
  let filled = '';
  let at = 0;
  for (const opening of page.matchAll(OPENING)) {
    const [mark, name = ''] = opening;
    const start = opening.index + mark.length;
    const end = page.indexOf(CLOSING, start);
    const next = page.indexOf('<!-- bench ', start);
    if (end === -1 || (next !== -1 && next < end)) {
      throw new Error(
        `the page has no ${CLOSING} for ${mark.trim()}: add it below what is written there`,
      );
    }
    filled += `${page.slice(at, start)}\n${write(name).trim()}\n\n`;
    at = end;
  }
  return filled + page.slice(at);
}

/** The names of all marks of a page, in their order. */
export function marksOf(page: string): string[] {
  return [...page.matchAll(OPENING)].map(([, name = '']) => name);
}
