import type { DrainOptions, DrainResult } from '@holdopen/core';
import { drain as drainFetch } from '@holdopen/fetch';
import { drain as drainBelow } from '#below';

/**
 * Ends all holds for a shutdown, whichever way they are served: GET event streams at once, the others
 * when they are done or after `timeoutMs`, with a late 503.
 * @throws HoldOpenError if `timeoutMs` is no number of milliseconds.
 */
export async function drain(options?: DrainOptions): Promise<DrainResult> {
  const results = await Promise.all([drainBelow(options), drainFetch(options)]);
  return results.reduce((all, { finished, ended }) => ({
    finished: all.finished + finished,
    ended: all.ended + ended,
  }));
}
