/** One preference of a `Prefer` header (RFC 7240 section 2). */
export interface Preference {
  /** Lower-case; empty for what is none, which others may understand. */
  readonly name: string;
  /** Without its quotes. An empty value is the same as none. */
  readonly value: string;
  /** As it stands in the header, with its parameters. */
  readonly text: string;
}

/** The longest header that is read, in characters. A longer one is the handler's alone. */
const MAX_PREFER_LENGTH = 4_096;

// A header comes from anybody, before `authorize` is asked. In these no two parts that stand side by side
// may take the same character, or a long header costs the square of its length.

// Commas and semicolons within quotes separate nothing. What is quoted and never ends goes to the end.
const ELEMENT = /(?:[^,"]|"(?:[^"\\]|\\.)*"?)+/g;
const PREFERENCE =
  /^([!#$%&'*+.^_`|~\w-]+)\s*(?:=\s*(?:(?:([!#$%&'*+.^_`|~\w-]+)|"((?:[^"\\]|\\.)*)")\s*)?)?(?:;.*)?$/;

/** Several headers of one name come here as one, with commas between them. */
export function parsePreferences(header: string | null): Preference[] {
  if (header === null || header.length > MAX_PREFER_LENGTH) return [];
  const elements = header.match(ELEMENT) ?? [];
  return elements
    .map((element) => element.trim())
    .filter((text) => text !== '')
    .map((text) => {
      const [, name = '', word, quoted = ''] = PREFERENCE.exec(text) ?? [];
      return { name: name.toLowerCase(), value: word ?? quoted.replace(/\\(.)/g, '$1'), text };
    });
}

/** The value of the first preference of this name, which is the one that counts. */
export function preferred(preferences: readonly Preference[], name: string): string | undefined {
  return preferences.find((one) => one.name === name)?.value;
}
