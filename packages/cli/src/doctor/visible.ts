/**
 * What a terminal would obey, or what would turn the order of a line around: C0 and C1, line
 * separators, marks without width, directions.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for.
const DANGEROUS = /[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** A text of somebody else's, so that it can be shown in a terminal. */
export function visible(text: string): string {
  return text.replace(DANGEROUS, (character) => SHORT[character] ?? escaped(character));
}

/** The same for a JSON text, which stays the same JSON. */
export function visibleJson(json: string): string {
  return json.replace(DANGEROUS, (character) => (character === '\n' ? '\n' : unicode(character)));
}

function escaped(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : unicode(character);
}

function unicode(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
