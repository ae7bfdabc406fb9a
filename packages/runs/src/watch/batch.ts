import type { Cursor } from '../cursor.js';
import type { Entry, RunHead } from '../entry.js';
import { cursorLost, type LogEntry } from './page.js';

/** What a watcher is given: the head once, before all entries; then each entry once and in order. */
export type WatchItem = WatchedHead | WatchedEntry;

interface WatchedHead {
  readonly kind: 'head';
  readonly head: RunHead;
  /** The run has ended: nothing of it is waited for. */
  readonly isOver: boolean;
}

export interface WatchedEntry {
  readonly kind: 'entry';
  readonly entry: Entry;
  readonly cursor: Cursor;
}

/** The same, with all entries of one read together: a page of the log at most, and never none. */
export type WatchBatch =
  | WatchedHead
  | { readonly kind: 'entries'; readonly entries: readonly WatchedEntry[] };

/**
 * Entries behind this place with their own, up to the end of the run.
 * @throws RunError `cursor_lost` if one is missing
 */
export function placed(
  { run, epoch }: Pick<Cursor, 'run' | 'epoch'>,
  entries: readonly LogEntry[],
  after: number,
  ownId: string | undefined,
): WatchedEntry[] {
  const watched: WatchedEntry[] = [];
  let offset = after;
  let lastId = ownId;
  for (const { offset: at, entry } of entries) {
    if (at !== offset + 1) throw cursorLost(run, `${offset + 1} is missing before ${at}`);
    offset = at;
    if (entry.kind === 'event') lastId = entry.ownId ?? lastId;
    const final = entry.kind === 'end' ? entry.state : undefined;
    watched.push({ kind: 'entry', entry, cursor: { run, epoch, offset, final, ownId: lastId } });
    if (final !== undefined) break;
  }
  return watched;
}
