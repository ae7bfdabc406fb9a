import { warnOnce } from '../warnings.js';

/** Those that belong to one connection, one caller, or what we say ourselves. */
export const NEVER_KEPT: ReadonlySet<string> = new Set([
  'set-cookie',
  'set-cookie2',
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authentication-info',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'content-length',
  'content-encoding',
  'content-range',
  'content-location',
  'cache-control',
  'age',
  'date',
  'holdopen',
  'holdopen-run',
  'preference-applied',
]);

/** What tells how to read or use a result, for whomever. */
const KEPT: ReadonlySet<string> = new Set([
  'content-type',
  'content-language',
  'content-disposition',
  'content-security-policy',
  'x-content-type-options',
  'referrer-policy',
  'cross-origin-resource-policy',
  'link',
  'location',
  'vary',
  'retry-after',
  'www-authenticate',
  'deprecation',
  'sunset',
]);

/** The headers of a handler's answer that all watchers get; lower-case names. */
export function keptHeaders(
  headers: Headers,
  also: ReadonlySet<string>,
  route: string,
): readonly (readonly [string, string])[] {
  if (headers.has('set-cookie')) {
    warnOnce(
      'HOLDOPEN_RUN_COOKIE',
      route,
      `${route}: set-cookie is not kept in a run, whose answer all its watchers get. Set cookies in an answer without a key.`,
    );
  }
  return [...headers].filter(([name]) => KEPT.has(name) || also.has(name));
}
