import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { HOLD_EVENT_TYPES, type HoldEvent, type HoldEventType } from '@holdopen/core';
import { RUN_EVENT_TYPES, type RunEvent, type RunEventType } from '@holdopen/runs';

/** Called with each event of a hold, in the context of the request that it belongs to. */
export type HoldListener = (event: HoldEvent) => void;

/**
 * Listens to all holds of this process, whatever adapter they are of. An event that nobody listens to is
 * never made, so that only those `types` cost anything that are asked for. What the listener throws or
 * rejects with harms no response, and goes to the console once.
 *
 * @returns a function that ends it
 */
export function watchHolds(
  listener: HoldListener,
  types: readonly HoldEventType[] = HOLD_EVENT_TYPES,
): () => void {
  return watch(types, (message) => listener(message as HoldEvent));
}

/** Called with each event of a run in this process. */
export type RunListener = (event: RunEvent) => void;

/**
 * The same for all runs of this process, whatever store they are in.
 *
 * @returns a function that ends it
 */
export function watchRuns(
  listener: RunListener,
  types: readonly RunEventType[] = RUN_EVENT_TYPES,
): () => void {
  return watch(types, (message) => listener(message as RunEvent));
}

function watch(types: readonly string[], listener: (message: unknown) => unknown): () => void {
  let hasFailed = false;
  const failed = (error: unknown): void => {
    if (hasFailed) return;
    hasFailed = true;
    console.error('holdopen: a listener to holds or runs fails, which is said once:', error);
  };
  // What a subscriber of a channel throws is uncaught, and ends the process.
  const onMessage = (message: unknown): void => {
    try {
      const given = listener(message);
      if (given instanceof Promise) given.catch(failed);
    } catch (error) {
      failed(error);
    }
  };
  for (const type of types) subscribe(`holdopen:${type}`, onMessage);
  return () => {
    for (const type of types) unsubscribe(`holdopen:${type}`, onMessage);
  };
}
