import { joined } from '../bytes.js';
import { RunError } from '../errors.js';
import { report } from '../warnings.js';
import type { WatchBatch, WatchedEntry } from '../watch/batch.js';
import { cutError } from './cut.js';
import type { Watcher } from './watcher.js';

/**
 * The body of a run for one client while it is written, as fast as it reads. Its head has gone out, so
 * that whatever goes wrong from now on cuts it.
 */
export function chunkBody(
  run: string,
  batches: AsyncGenerator<WatchBatch, void>,
  watcher: Watcher,
  delivered: () => void,
): ReadableStream<Uint8Array> {
  let cancelled = false;
  const chunks = chunksOf(batches, watcher.signal);
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { value: chunk } = await chunks.next();
        if (cancelled) return;
        if (chunk !== undefined) {
          controller.enqueue(chunk);
          return;
        }
        await batches.return();
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
      await batches.return();
    },
  });
}

/**
 * What is there, in one piece. How the run ended is looked at when what is in front of it was taken.
 * @throws if that is not well
 */
async function* chunksOf(
  batches: AsyncGenerator<WatchBatch, void>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  for await (const batch of batches) {
    if (batch.kind === 'head') continue;
    // A copy, for all watchers are given the same bytes.
    const whole = joined(batch.entries.flatMap(bytesOf));
    if (whole.length > 0) yield whole;
    const last = batch.entries.at(-1);
    if (last?.entry.kind !== 'end') continue;
    if (signal.aborted) break;
    if (last.entry.code === undefined) return;
    throw new RunError('lost', `The run ended as ${last.entry.code}.`, { run: last.cursor.run });
  }
  throw new RunError('forbidden', 'Nothing more may be watched.');
}

function bytesOf({ entry }: WatchedEntry): Uint8Array[] {
  return entry.kind === 'chunk' ? [entry.bytes] : [];
}
