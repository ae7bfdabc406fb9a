import type { Cursor } from '../cursor.js';
import type { EndEntry, RunHead } from '../entry.js';
import type { WatchBatch } from '../watch/batch.js';

/** What somebody who attaches finds, when it is enough to answer. */
export type Found =
  /** An event stream has begun; its events are still to be read. */
  | { readonly kind: 'events'; readonly head: RunHead }
  /** Another body has begun that is of use in part; its chunks are still to be read. */
  | { readonly kind: 'chunks'; readonly head: RunHead }
  /** All of a body. */
  | { readonly kind: 'result'; readonly head: RunHead; readonly chunks: readonly Uint8Array[] }
  /** The work ended without an answer, or in the middle of it. */
  | { readonly kind: 'broken'; readonly end: EndEntry; readonly cursor: Cursor }
  /** A head that was not wanted. */
  | { readonly kind: 'unwanted'; readonly head: RunHead }
  /** Who waited has left. */
  | { readonly kind: 'nothing' };

/** Reads until there is something to answer with. */
export async function find(
  batches: AsyncGenerator<WatchBatch, void>,
  isWanted: (head: RunHead) => boolean,
  isStreamed: (head: RunHead) => boolean,
): Promise<Found> {
  let head: RunHead | undefined;
  const chunks: Uint8Array[] = [];
  for (;;) {
    // Not `for await`, which would end the iteration that the events are read from.
    const { value } = await batches.next();
    if (value === undefined) return { kind: 'nothing' };
    if (value.kind === 'head') {
      head = value.head;
      if (!isWanted(head)) return { kind: 'unwanted', head };
      if (head.unit === 'event') return { kind: 'events', head };
      // What is there already goes out whole, with its length, or with the truth of how it failed.
      if (!value.isOver && isStreamed(head)) return { kind: 'chunks', head };
      continue;
    }
    for (const { entry, cursor } of value.entries) {
      if (entry.kind === 'chunk') {
        chunks.push(entry.bytes);
      } else if (entry.kind === 'end') {
        if (head === undefined || entry.code !== undefined) {
          return { kind: 'broken', end: entry, cursor };
        }
        return { kind: 'result', head, chunks };
      }
    }
  }
}
