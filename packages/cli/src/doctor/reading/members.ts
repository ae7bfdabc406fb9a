/** One member of a dictionary of RFC 9651, as far as holdopen writes them. */
const MEMBER = /([a-z*][a-z0-9_\-.*]*)(?:=(?:"((?:[^"\\]|\\["\\])*)"|([^\s,;"]+)))?[^,]*(?:,|$)/g;

/** The members of a dictionary (RFC 9651 section 3.2): numbers, and all others as text. */
export function parseMembers(text: string): Map<string, string | number> {
  const members = new Map<string, string | number>();
  for (const [, key = '', quoted, bare = '?1'] of text.matchAll(MEMBER)) {
    const value = /^-?\d{1,15}$/.test(bare) ? Number(bare) : bare;
    members.set(key, quoted === undefined ? value : quoted.replace(/\\(.)/g, '$1'));
  }
  return members;
}
