import type { EventEntry } from '../entry.js';
import type { EventFields } from './split.js';

/** The lines of an event but for `id`, without the blank line that ends it. */
export function frameLines({ event, data, retry }: EventFields): string {
  const lines: string[] = [];
  if (event !== undefined) lines.push(`event: ${event}\n`);
  if (retry !== undefined) lines.push(`retry: ${retry}\n`);
  for (const line of data?.split('\n') ?? []) lines.push(`data: ${line}\n`);
  return lines.join('');
}

/** An event as it goes to a watcher. `id` is our cursor, of printable ASCII. */
export function frameEvent({ lines }: EventEntry, id: string): string {
  return `id: ${id}\n${lines}\n`;
}

/**
 * The first bytes of every event stream: an id and no data, so that a client that falls early comes
 * back to its run, and no event is dispatched.
 */
export function frameStart(id: string): string {
  return `id: ${id}\n\n`;
}
