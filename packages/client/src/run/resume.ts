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
  if (target !== 'events' || cursor === undefined) return address;
  // For the header a page of another origin would need leave (Fetch Standard, section 2.2.2).
  if (isForeignPage(address.origin)) address.searchParams.set('last_event_id', cursor);
  else headers.set('last-event-id', cursor);
  return address;
}
