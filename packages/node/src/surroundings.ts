import { AsyncResource } from 'node:async_hooks';
import { channel } from 'node:diagnostics_channel';
import {
  type DrainOptions,
  type DrainResult,
  HOLD_EVENT_TYPES,
  type HoldEvent,
  type HoldEventType,
  HoldRegistry,
  SharedBeatClock,
  type Surroundings,
} from '@holdopen/core';

import { cutsDone } from './cut.js';

// Captured when the module loads, so that a test's fake timers do not meet ours.
const { setTimeout, clearTimeout, process, console, performance } = globalThis;

/** Timers made in here belong to no request, whoever's request is running. */
const outsideRequests = new AsyncResource('holdopen');

const clock = new SharedBeatClock({
  now: () => performance.now(),
  set(callback, delayMs) {
    return outsideRequests.runInAsyncScope(() => setTimeout(callback, delayMs).unref());
  },
  clear(handle) {
    clearTimeout(handle as NodeJS.Timeout);
  },
});

/** The active holds of this process and what has been counted of all. */
export const registry: HoldRegistry = new HoldRegistry();

const channels = new Map(HOLD_EVENT_TYPES.map((type) => [type, channel(`holdopen:${type}`)]));

/** What all holds of this process share. Events go out on `node:diagnostics_channel`. */
export const surroundings: Surroundings = {
  clock,
  registry,
  observer: {
    wants: (type: HoldEventType) => channels.get(type)?.hasSubscribers === true,
    notify: (event: HoldEvent) => channels.get(event.type)?.publish(event),
  },
  warn(code, message) {
    process.emitWarning(`holdopen: ${message}`, { type: 'HoldOpenWarning', code });
  },
  report(message, error) {
    try {
      console.error(`holdopen: ${message}:`, error);
    } catch {
      // An error may refuse to be shown.
      console.error(`holdopen: ${message}`);
    }
  },
};

/**
 * Ends all holds for a shutdown: GET event streams at once, the others when they are done or after
 * `timeoutMs`, with a late 503. Call it after `server.close()`.
 */
export async function drain(options?: DrainOptions): Promise<DrainResult> {
  const result = await registry.drain(
    { set: setTimeout, clear: (handle) => clearTimeout(handle as NodeJS.Timeout) },
    options,
  );
  await cutsDone();
  return result;
}
