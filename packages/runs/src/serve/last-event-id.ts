import { type Cursor, parseCursor } from '../cursor.js';

const HEADER = 'last-event-id';
/** What pages of other origins use, for it needs no preflight. An EventSource has it in its address. */
const QUERY = 'last_event_id';

/** Whether a request names any place at all. */
export function mayResume(header: (name: string) => string | undefined, url: string): boolean {
  return header(HEADER) !== undefined || url.includes(QUERY);
}

/** The place in one of our logs that a request wants to go on from. */
export function cursorOf(request: Request): Cursor | undefined {
  const header = request.headers.get(HEADER);
  // What the header says is newer than the address that the client began with.
  const named = header === null ? undefined : parseCursor(header);
  if (named !== undefined || !request.url.includes(QUERY)) return named;
  const query = urlOf(request)?.searchParams.get(QUERY) ?? '';
  return parseCursor(query);
}

/** The address for the handler: it gets its own id there, as it had given it. */
export function unwrapUrl(request: Request): string {
  if (!request.url.includes(QUERY)) return request.url;
  const cursor = parseCursor(urlOf(request)?.searchParams.get(QUERY) ?? '');
  return cursor === undefined ? request.url : withPlace(request.url, cursor.ownId);
}

/** The address without any place: where somebody goes on is no part of what was asked for. */
export function urlWithoutPlace({ url }: Request): string {
  return url.includes(QUERY) ? withPlace(url, undefined) : url;
}

/** All else stays as it was written: `URLSearchParams` would write `%20` as `+`, which is another text. */
function withPlace(url: string, id: string | undefined): string {
  const [path = '', ...rest] = url.split('?');
  if (rest.length === 0) return url;
  const parameters = rest.join('?').split('&');
  const others = parameters.filter((one) => !new URLSearchParams(one).has(QUERY));
  if (id !== undefined) others.push(`${QUERY}=${encodeURIComponent(id)}`);
  return others.length === 0 ? path : `${path}?${others.join('&')}`;
}

/** The same in a header. */
export function unwrapHeader(headers: Headers): void {
  const cursor = parseCursor(headers.get(HEADER) ?? '');
  if (cursor === undefined) return;
  headers.delete(HEADER);
  if (cursor.ownId === undefined) return;
  // An id may be any text, and is sent as the bytes of its UTF-8 (HTML, section 9.2.3).
  headers.set(HEADER, String.fromCharCode(...new TextEncoder().encode(cursor.ownId)));
}

function urlOf({ url }: Request): URL | undefined {
  return URL.canParse(url) ? new URL(url) : undefined;
}
