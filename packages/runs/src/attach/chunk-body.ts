import { RunError } from '../errors.js';
import { report } from '../warnings.js';
import type { WatchItem } from '../watch/feeds.js';
import { cutError } from './cut.js';
import type { Watcher } from './watcher.js';

/**
 * The body of a run for one client while it is written, as fast as it reads. Its head has gone out, so
 * that whatever goes wrong from now on cuts it.
 */
export function chunkBody(
  run: string,
  items: AsyncGenerator<WatchItem, void>,
  watcher: Watcher,
  delivered: () => void,
): ReadableStream<Uint8Array> {
  let cancelled = false;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const chunk = await nextChunk(items);
        if (cancelled) return;
        if (chunk !== undefined) {
          controller.enqueue(chunk);
          return;
        }
        await items.return();
        delivered();
        watcher.leave();
        controller.close();
      } catch (error) {
        watcher.leave();
        if (cancelled) return;
        if (!(error instanceof RunError)) report(`run ${run}`, error);
        throw cutError(error);
      }
    },
    async cancel() {
      cancelled = true;
      watcher.leave({ kind: 'left' });
      await items.return();
    },
  });
}

/**
 * `undefined` at the end.
 * @throws if that is none
 */
async function nextChunk(items: AsyncGenerator<WatchItem, void>): Promise<Uint8Array | undefined> {
  for (;;) {
    const { value } = await items.next();
    if (value === undefined) throw new RunError('forbidden', 'Nothing more may be watched.');
    if (value.kind === 'head') continue;
    const { entry, cursor } = value;
    // A copy, for all watchers are given the same bytes.
    if (entry.kind === 'chunk') return entry.bytes.slice();
    if (entry.kind !== 'end') continue;
    if (entry.code === undefined) return undefined;
    throw new RunError('lost', `The run ended as ${entry.code}.`, { run: cursor.run });
  }
}
