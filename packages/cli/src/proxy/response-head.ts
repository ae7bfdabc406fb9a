import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { addConnectionNames, HOP_BY_HOP, withoutNamed } from './fields.js';

/** The fields of an answer that go on to the client, names and values by turns. */
export function responseFields({ rawHeaders }: IncomingMessage): string[] {
  let fields: string[] = [];
  let named: Set<string> | undefined;
  let isEncoded = false;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    const value = rawHeaders[i + 1] ?? '';
    const lower = name.toLowerCase();
    if (lower === 'transfer-encoding') isEncoded = true;
    if (lower === 'connection') {
      named ??= new Set();
      addConnectionNames(value, named);
    }
    if (!HOP_BY_HOP.has(lower)) fields.push(name, value);
  }
  // The length of a body that came in chunks is what its chunks say (RFC 9112 section 6.3).
  if (isEncoded) named = new Set(named).add('content-length');
  if (named !== undefined && named.size > 0) fields = withoutNamed(fields, named);
  return fields;
}

/** The same for HTTP/2, whose `writeHead` keeps the last of several fields of one name. */
export function grouped(fields: readonly string[]): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {};
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = (fields[i] ?? '').toLowerCase();
    const value = fields[i + 1] ?? '';
    const present = headers[name];
    if (present === undefined) headers[name] = value;
    else headers[name] = [...(Array.isArray(present) ? present : [String(present)]), value];
  }
  return headers;
}
