import { keepIncoming } from '@holdopen/fetch';
import { hideAsyncPreference } from '../attach/prefer.js';
import { unwrapHeader, unwrapUrl } from './last-event-id.js';

/** Of a request that only reads. On one that writes they say when it may, which the handler must see. */
const CONDITIONS_OF_READING = ['if-none-match', 'if-modified-since'];
const SAFE: ReadonlySet<string> = new Set(['GET', 'QUERY']);

/**
 * The request as the work of a run gets it. It belongs to no connection: its body is in, its signal is
 * the run's, and it asks for the whole answer in the clear, since that is for all watchers.
 */
export function workRequest(
  request: Request,
  body: Uint8Array<ArrayBuffer>,
  signal: AbortSignal,
): Request {
  const { method } = request;
  const headers = new Headers(request.headers);
  // Without the header every coding would be acceptable (RFC 9110 section 12.5.3).
  headers.set('accept-encoding', 'identity');
  headers.delete('range');
  headers.delete('if-range');
  if (SAFE.has(method)) for (const name of CONDITIONS_OF_READING) headers.delete(name);
  hideAsyncPreference(request, headers);
  unwrapHeader(headers);
  return new Request(unwrapUrl(request), {
    method,
    headers,
    signal,
    ...(body.length === 0 ? {} : { body }),
  });
}

/** The same request once more, for whoever wants to look at its body. */
export function copyWithBody(request: Request, body: Uint8Array<ArrayBuffer>): Request {
  const { method, headers, url } = request;
  const copy = new Request(url, { method, headers, ...(body.length === 0 ? {} : { body }) });
  keepIncoming(request, copy);
  return copy;
}
