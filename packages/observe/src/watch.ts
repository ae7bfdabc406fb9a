import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { HOLD_EVENT_TYPES, type HoldEvent, type HoldEventType } from '@holdopen/core';

/** Called with each event of a hold, in the context of the request that it belongs to. */
export type HoldListener = (event: HoldEvent) => void;

/**
 * Listens to all holds of this process, whatever adapter they are of. An event that nobody listens to is
 * never made, so that only those `types` cost anything that are asked for.
 *
 * @returns a function that ends it
 */
export function watchHolds(
  listener: HoldListener,
  types: readonly HoldEventType[] = HOLD_EVENT_TYPES,
): () => void {
  const onMessage = (message: unknown): void => listener(message as HoldEvent);
  for (const type of types) subscribe(`holdopen:${type}`, onMessage);
  return () => {
    for (const type of types) unsubscribe(`holdopen:${type}`, onMessage);
  };
}
