import { isForeignPage } from '../credentials.js';
import type { RunPlace } from './place.js';

/** What of a run is asked for. */
export type RunTarget = 'events' | 'result' | 'status';

/** Where it is, with the place in the events to go on from in the address or in the headers. */
export function runAddress(
  { url }: RunPlace,
  target: RunTarget,
  cursor: string | undefined,
  headers: Headers,
): URL {
  const address = new URL(target === 'status' ? url : `${url}/${target}`);
  if (target === 'events' && cursor !== undefined) nameCursor(address, cursor, headers);
  return address;
}

/** Says where to go on. For the header a page of another origin would need leave (Fetch Standard, section 2.2.2). */
export function nameCursor(address: URL, cursor: string, headers: Headers): void {
  if (!isForeignPage(address.origin)) setCursor(headers, cursor);
  else {
    // All else stays as it was written: the key of a run goes with its address.
    const { search } = address;
    address.search = `${search}${search ? '&' : '?'}last_event_id=${encodeURIComponent(cursor)}`;
  }
}

/** In UTF-8, as an EventSource sends it (HTML, section 9.2.3). What no header can carry is not sent. */
export function setCursor(headers: Headers, cursor: string): void {
  const bytes = new TextEncoder().encode(cursor);
  const isSendable = bytes.length > 0 && bytes.every((byte) => byte > 0x1f && byte !== 0x7f);
  if (isSendable) headers.set('last-event-id', String.fromCharCode(...bytes));
}
