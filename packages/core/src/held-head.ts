import type { BeatFormat } from './formats/format.js';

/** Headers of a head that is sent in the handler's place must not speak of a body that is known. */
export const REMOVED_AT_COMMIT: readonly string[] = [
  'content-length',
  'content-encoding',
  'etag',
  'last-modified',
  'accept-ranges',
  'content-range',
  'content-md5',
  'digest',
  'content-digest',
  'repr-digest',
];

/**
 * Headers of the request with which a framework or a compressor would answer 304, 206 or gzip, which
 * cannot follow a head that said 200 and plain text. Not `If-Match` and `If-Unmodified-Since`: a 412 can be
 * told late, and without them a guarded PATCH would write over what somebody else has written.
 */
export const HIDDEN_AT_COMMIT: readonly string[] = [
  'if-none-match',
  'if-modified-since',
  'range',
  'if-range',
  'accept-encoding',
];

/** They describe a head or a connection that is not theirs any more; nobody misses them. */
export const NEVER_LATE: ReadonlySet<string> = new Set([
  'accept-ranges',
  'access-control-allow-credentials',
  'access-control-allow-origin',
  'access-control-expose-headers',
  'cache-control',
  'connection',
  'content-encoding',
  'content-length',
  'content-security-policy',
  'content-type',
  'date',
  'etag',
  'expires',
  'holdopen',
  'keep-alive',
  'last-modified',
  'pragma',
  'server',
  'trailer',
  'transfer-encoding',
  'vary',
  'x-accel-buffering',
  'x-content-type-options',
  'x-powered-by',
]);

export const HELD_CACHE_CONTROL = 'no-store, no-transform';

const announcements = new Map<string, string>();

/** The header `HoldOpen`: a dictionary of RFC 9651 that the client's watchdog reads. */
export function announcement(format: BeatFormat, intervalMs: number): string {
  const text = `interval=${Math.round(intervalMs)}, format=${format.name}`;
  // One string for all responses that wait, not one for each.
  const kept = announcements.get(text);
  if (kept !== undefined) return kept;
  announcements.set(text, text);
  return text;
}

/** The names of `Access-Control-Expose-Headers`, which a page of another origin may read. */
export function exposedNames(value: unknown, withCredentials = false): Set<string> {
  const text = Array.isArray(value) ? value.join(',') : String(value ?? '');
  const names = text.split(',').map((name) => name.trim().toLowerCase());
  const exposed = new Set(names.filter((name) => name !== ''));
  // Fetch section 3.3.5: then it is the name of a header, and of none that there is.
  if (withCredentials) exposed.delete('*');
  return exposed;
}
