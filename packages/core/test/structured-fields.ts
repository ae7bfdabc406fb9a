/**
 * The part of RFC 9651 that holdopen writes, read as its section 4.2 says: dictionaries of integers,
 * tokens and strings. Written apart from the implementation, and throws where the RFC fails parsing.
 */
export function parseDictionary(text: string): Map<string, number | string> {
  const members = new Map<string, number | string>();
  let rest = text;
  const take = (pattern: RegExp): string => {
    const match = pattern.exec(rest);
    if (match === null || match.index !== 0) throw new Error(`no ${pattern} at ${rest}`);
    rest = rest.slice(match[0].length);
    return match[0];
  };
  for (;;) {
    const key = take(/^[a-z*][a-z0-9_\-.*]*/);
    take(/^=/);
    let value: number | string;
    if (rest.startsWith('"')) {
      const quoted = take(/^"(?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"/);
      value = quoted.slice(1, -1).replace(/\\(["\\])/g, '$1');
    } else if (/^[a-zA-Z*]/.test(rest)) {
      value = take(/^[a-zA-Z*][a-zA-Z0-9:/!#$%&'*+\-.^_`|~]*/);
    } else {
      value = Number(take(/^-?[0-9]{1,15}/));
    }
    members.delete(key);
    members.set(key, value);
    if (rest === '') return members;
    take(/^[ \t]*,[ \t]*(?=.)/);
  }
}
