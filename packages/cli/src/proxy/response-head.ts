import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { addConnectionNames, HOP_BY_HOP, withoutNamed } from './fields.js';

export interface ResponseHead {
  /** Names and values by turns. */
  readonly fields: string[];
  /** How long its body is said to be. */
  readonly length: string | undefined;
}

/** Its body is in a coding that nobody has asked for, and that we cannot undo. */
class TransferCodingError extends Error {
  readonly code = 'ERR_HTTP_TRANSFER_CODING';
}

/**
 * The part of an answer's head that goes on to the client.
 * @throws if its body is in a coding that does not go on
 */
export function responseHead({ rawHeaders }: IncomingMessage): ResponseHead {
  let fields: string[] = [];
  let length: string | undefined;
  let named: Set<string> | undefined;
  let isEncoded = false;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    const value = rawHeaders[i + 1] ?? '';
    const lower = name.toLowerCase();
    if (lower === 'content-length') length = value;
    else if (lower === 'transfer-encoding') {
      if (!/^(chunked|identity)$/i.test(value)) throw new TransferCodingError(value);
      isEncoded = true;
    } else if (lower === 'connection') {
      named = addConnectionNames(value, named);
    }
    if (!HOP_BY_HOP.has(lower)) fields.push(name, value);
  }
  // The length of a body that came in chunks is what its chunks say (RFC 9112 section 6.3).
  if (isEncoded) named = new Set(named).add('content-length');
  if (named !== undefined) fields = withoutNamed(fields, named);
  return { fields, length: isEncoded ? undefined : length };
}

/** Fields that Node refuses to send twice over HTTP/2. Servers do, and HTTP/1.1 passes them on. */
const SINGLE: ReadonlySet<string> = new Set([
  'access-control-allow-credentials',
  'access-control-max-age',
  'access-control-request-method',
  'age',
  'authorization',
  'content-encoding',
  'content-language',
  'content-length',
  'content-location',
  'content-md5',
  'content-range',
  'content-type',
  'date',
  'dnt',
  'etag',
  'expires',
  'from',
  'host',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'last-modified',
  'location',
  'max-forwards',
  'range',
  'referer',
  'retry-after',
  'tk',
  'upgrade-insecure-requests',
  'user-agent',
  'x-content-type-options',
]);

/**
 * Fields for HTTP/2, whose `writeHead` keeps the last of several fields of one name. Of those that may
 * stand once the first counts, as for most readers of HTTP/1.1.
 */
export function grouped(fields: readonly string[]): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {};
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = (fields[i] ?? '').toLowerCase();
    const value = fields[i + 1] ?? '';
    const present = headers[name];
    if (present === undefined) headers[name] = value;
    else if (!SINGLE.has(name))
      headers[name] = [...(Array.isArray(present) ? present : [String(present)]), value];
  }
  return headers;
}
