/**
 * The late head: the true status and a few headers of an answer whose real head has long been sent.
 * In JSON it is white space that every parser skips, in an event stream a comment.
 * `docs/wire.md` is its specification.
 */

export type HeaderPair = readonly [name: string, value: string];

export interface LateHead {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: readonly HeaderPair[];
}

/** How many bytes of text a late head may hold; each takes eight characters on the wire. */
export const MAX_LATE_HEAD_BYTES = 256;

const ALWAYS_LISTED = new Set([
  'location',
  'content-location',
  'retry-after',
  'link',
  'www-authenticate',
]);

/** Whether a header may stand in the late head. `set-cookie` never may. */
export function isListed(name: string, lateHeaders: ReadonlySet<string>): boolean {
  if (name === 'set-cookie') return false;
  return (
    ALWAYS_LISTED.has(name) ||
    name === 'ratelimit' ||
    name.startsWith('ratelimit-') ||
    lateHeaders.has(name)
  );
}

export interface FittedHeaders {
  readonly fitting: readonly HeaderPair[];
  readonly dropped: readonly string[];
}

/** As many headers, in their order, as a late head has room for. */
export function fitLateHeaders(headers: readonly HeaderPair[]): FittedHeaders {
  const fitting: HeaderPair[] = [];
  const dropped: string[] = [];
  let bytes = 3;
  for (const pair of headers) {
    const size = utf8Length(`\n${pair[0]}: ${pair[1]}`);
    if (bytes + size > MAX_LATE_HEAD_BYTES || /[\r\n\0]/.test(pair[1])) {
      dropped.push(pair[0]);
      continue;
    }
    bytes += size;
    fitting.push(pair);
  }
  return { fitting, dropped };
}

/** The late head as white space: CR, the bits of its text as SP (0) and TAB (1), CR. */
export function lateHead(status: number, headers: readonly HeaderPair[]): string {
  const lines = headers.map(([name, value]) => `\n${name}: ${value}`).join('');
  let bits = '\r';
  for (const byte of new TextEncoder().encode(statusDigits(status) + lines)) {
    for (let bit = 7; bit >= 0; bit--) bits += (byte >> bit) & 1 ? '\t' : ' ';
  }
  return `${bits}\r`;
}

/**
 * Reads the late head out of the white space before a JSON payload. Gives `undefined` if there is
 * none: beats alone, or white space of another origin.
 */
export function parseLateHead(whitespace: string): LateHead | undefined {
  const match = /\r([ \t]+)\r$/.exec(whitespace);
  const bits = match?.[1];
  if (bits === undefined || bits.length % 8 !== 0) return undefined;
  const bytes = new Uint8Array(bits.length / 8);
  for (let i = 0; i < bits.length; i++) {
    if (bits[i] === '\t') bytes[i >> 3] = (bytes[i >> 3] as number) | (0x80 >> (i & 7));
  }
  return parseText(bytes);
}

function parseText(bytes: Uint8Array): LateHead | undefined {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
  const [first = '', ...lines] = text.split('\n');
  if (!/^[1-9][0-9]{2}$/.test(first)) return undefined;
  const headers: HeaderPair[] = [];
  for (const line of lines) {
    const colon = line.indexOf(': ');
    if (colon < 1) return undefined;
    headers.push([line.slice(0, colon), line.slice(colon + 2)]);
  }
  return { status: Number(first), headers };
}

/**
 * The late head as a comment of an event stream: a dictionary of RFC 9651, with the header values as
 * its strings. Empty if there is nothing to say.
 */
export function lateHeadComment(status: number, headers: readonly HeaderPair[]): string {
  const values = new Map<string, string>();
  for (const [name, value] of headers) {
    if (!isMember(name, value)) continue;
    // A key stands once in a dictionary; RFC 9110 section 5.3 lets the values of one name be joined.
    const before = values.get(name);
    values.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  const members = [...values].map(
    ([name, value]) => `${name}="${value.replace(/["\\]/g, '\\$&')}"`,
  );
  if (status !== 200) members.unshift(`status=${statusDigits(status)}`);
  return members.length === 0 ? '' : `: holdopen ${members.join(', ')}\n\n`;
}

/** RFC 9651: keys are narrower than header names, strings hold printable ASCII only. */
function isMember(name: string, value: string): boolean {
  return name !== 'status' && /^[a-z*][a-z0-9_\-.*]*$/.test(name) && /^[\x20-\x7e]*$/.test(value);
}

function statusDigits(status: number): string {
  return String(status).padStart(3, '0');
}

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}
