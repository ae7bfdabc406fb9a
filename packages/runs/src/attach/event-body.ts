import { type Cursor, formatCursor } from '../cursor.js';
import type { EndEntry } from '../entry.js';
import { RunError } from '../errors.js';
import { createProblem, problemOfError } from '../problem.js';
import { frameEvent, frameStart } from '../sse/frame.js';
import { report } from '../warnings.js';
import type { WatchBatch, WatchedEntry } from '../watch/batch.js';
import { cutError } from './cut.js';
import type { Watcher } from './watcher.js';

const encoder = new TextEncoder();

/** After a shutdown clients come back, and not all at once. */
const LEAST_RETRY_MS = 1_000;
const MORE_RETRY_MS = 4_000;

/** A clean end, without an id: an EventSource comes back by itself, and is let in or refused then. */
const NO_LONGER = {
  status: 403,
  code: 'forbidden',
  detail: 'You may not watch this any more: come back with the last id as who may.',
};

/**
 * The events of a run for one client, as fast as it reads. Begins with the id of the place it goes on
 * from, and ends with one that says how the run ended.
 */
export function eventBody(
  batches: AsyncGenerator<WatchBatch, void>,
  from: Cursor,
  watcher: Watcher,
  delivered: () => void,
): ReadableStream<Uint8Array> {
  let begun = false;
  let cancelled = false;
  const frames = framesOf(batches, watcher.signal);
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const send = (text: string): void => controller.enqueue(encoder.encode(text));
      if (!begun) {
        begun = true;
        send(frameStart(formatCursor(from)));
        return;
      }
      try {
        const { value: frame } = await frames.next();
        if (cancelled) return;
        if (frame !== undefined) {
          send(frame.text);
          if (!frame.isLast) return;
          await batches.return();
          delivered();
        } else if (watcher.why?.kind === 'refused') {
          send(frameProblem(JSON.stringify(createProblem({ ...NO_LONGER, run: from.run }))));
        } else if (watcher.why?.kind === 'closing') {
          send(`retry: ${Math.round(LEAST_RETRY_MS + Math.random() * MORE_RETRY_MS)}\n\n`);
        }
        watcher.leave();
        controller.close();
      } catch (error) {
        watcher.leave();
        if (cancelled) return;
        if (!(error instanceof RunError)) report(`run ${from.run}`, error);
        const problem = problemOfError(error);
        // Without one the end must not look like one: the stream is cut.
        if (problem === undefined) throw cutError(error);
        send(frameProblem(JSON.stringify(createProblem(problem))));
        controller.close();
      }
    },
    async cancel() {
      cancelled = true;
      watcher.leave({ kind: 'left' });
      await batches.return();
    },
  });
}

/** The events of a run that ended before it gave a head. */
export function endBody(from: Cursor, end: EndEntry, cursor: Cursor): string {
  return frameStart(formatCursor(from)) + frameEnd(end, cursor.run, formatCursor(cursor));
}

/**
 * What is there, as one text, so that a log of many small events costs but a few chunks. The end comes by
 * itself: it is delivered when what is in front of it was taken, and not to who may not watch by then.
 */
async function* framesOf(
  batches: AsyncGenerator<WatchBatch, void>,
  signal: AbortSignal,
): AsyncGenerator<{ readonly text: string; readonly isLast: boolean }, void> {
  for await (const batch of batches) {
    if (batch.kind === 'head') continue;
    const text = batch.entries.map(frameOf).join('');
    if (text !== '') yield { text, isLast: false };
    const last = batch.entries.at(-1);
    if (last?.entry.kind !== 'end') continue;
    if (signal.aborted) return;
    const { entry, cursor } = last;
    yield { text: frameEnd(entry, cursor.run, formatCursor(cursor)), isLast: true };
  }
}

function frameOf({ entry, cursor }: WatchedEntry): string {
  return entry.kind === 'event' ? frameEvent(entry, formatCursor(cursor)) : '';
}

/**
 * An id without data dispatches nothing, and lets an EventSource that comes back be told to stop. A run
 * that did not come to its end says so.
 */
function frameEnd({ status, code, detail }: EndEntry, run: string, id: string): string {
  if (code === undefined) return frameStart(id);
  return `id: ${id}\n${frameProblem(JSON.stringify(createProblem({ status, code, detail, run })))}`;
}

function frameProblem(json: string): string {
  return `event: error\ndata: ${json}\n\n`;
}
