/**
 * Fields that are about one connection and never go on (RFC 9110 section 7.6.1), whatever `Connection`
 * says. `Proxy` is none of HTTP's: a CGI server makes the variable HTTP_PROXY of it (httpoxy.org).
 */
export const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy',
  'te',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);

/**
 * Fields that `Connection` may not name, so that nobody can take them away from the server behind
 * (RFC 9110 section 7.6.1: they are for all recipients).
 */
const END_TO_END: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'content-type',
  'content-encoding',
  'authorization',
  'cookie',
  'set-cookie',
  'cache-control',
]);

/** Fields that may not come late, in a trailer (RFC 9110 section 6.5.1). */
const NEVER_IN_TRAILERS: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  ...END_TO_END,
  'content-range',
  'trailer',
  'expect',
  'range',
  'forwarded',
  'via',
]);

/**
 * Adds the names that one `Connection` field lists, in lower case. Those that never go on need no
 * telling, so that mostly there is nothing to add.
 */
export function addConnectionNames(
  value: string,
  names: Set<string> | undefined,
): Set<string> | undefined {
  if (value === 'keep-alive' || value === 'close') return names;
  let all = names;
  for (const option of value.split(',')) {
    const name = option.trim().toLowerCase();
    if (name === '' || name === 'close' || HOP_BY_HOP.has(name) || END_TO_END.has(name)) continue;
    all ??= new Set();
    all.add(name);
  }
  return all;
}

/** Names and values by turns, without those that `Connection` named. */
export function withoutNamed(fields: readonly string[], named: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const [name, value] = [fields[i] ?? '', fields[i + 1] ?? ''];
    if (!named.has(name.toLowerCase())) kept.push(name, value);
  }
  return kept;
}

/** The trailer fields that may go on, as pairs. */
export function trailersOf(rawTrailers: readonly string[]): [name: string, value: string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < rawTrailers.length; i += 2) {
    const [name, value] = [rawTrailers[i] ?? '', rawTrailers[i + 1] ?? ''];
    const lower = name.toLowerCase();
    if (!NEVER_IN_TRAILERS.has(lower) && !lower.startsWith('x-forwarded-'))
      pairs.push([name, value]);
  }
  return pairs;
}
