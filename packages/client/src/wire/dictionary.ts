/** A value as RFC 9651 writes it; of the types that holdopen does not use, the text. */
export type Item = string | number;

const MEMBER =
  /([a-z*][a-z0-9_\-.*]*)(?:=(?:"((?:[^"\\]|\\["\\])*)"|(%"[^"]*"|[^\s,;"]+|\([^)]*\))))?(?:;[^,"]*(?:"(?:[^"\\]|\\["\\])*"[^,"]*)*)?[ \t]*(?:,[ \t]*(?=\S)|$)/y;

/**
 * Reads a dictionary (RFC 9651 section 4.2.2). Members of a type that holdopen does not use are read
 * over; `undefined` if it is none, since such a field is to be ignored whole.
 */
export function parseDictionary(text: string): Map<string, Item> | undefined {
  const trimmed = text.trim();
  const members = new Map<string, Item>();
  for (let at = 0; at < trimmed.length; at = MEMBER.lastIndex) {
    MEMBER.lastIndex = at;
    const match = MEMBER.exec(trimmed);
    if (match === null) return undefined;
    const [, key = '', quoted, bare = '?1'] = match;
    const number = /^-?\d{1,15}$/.test(bare) ? Number(bare) : bare;
    members.set(key, quoted === undefined ? number : quoted.replace(/\\(.)/g, '$1'));
  }
  return members;
}
