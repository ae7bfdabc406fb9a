import {
  type BeatClock,
  HOLD_EVENT_TYPES,
  type HoldEvent,
  HoldRegistry,
  Lifeline,
  SeparateBeatClock,
  SharedBeatClock,
  type Surroundings,
} from '@holdopen/core';
import { snapshot } from './async-context.js';
import { createChannels } from './channels.js';
import { isWorkers, runtime } from './runtime.js';

// Captured when the module loads, so that a test's fake timers do not meet ours.
const { setTimeout, clearTimeout, console, performance } = globalThis;

/** Timers made in here belong to no request, whoever's request is running. */
const outsideRequests = snapshot();

/** A timer that keeps no process alive. */
export function setQuietTimeout(callback: () => void, delayMs: number): unknown {
  const handle: unknown = setTimeout(callback, delayMs);
  if (typeof handle === 'number') runtime.Deno?.unrefTimer?.(handle);
  else (handle as { unref?(): void } | undefined)?.unref?.();
  return handle;
}

export function clearQuietTimeout(handle: unknown): void {
  clearTimeout(handle as number);
}

function createClock(): BeatClock {
  const timers = { now: () => performance.now(), set: setQuietTimeout, clear: clearQuietTimeout };
  // Workers refuse a timer of one request that writes to another's stream.
  if (isWorkers) return new SeparateBeatClock(timers);
  return new SharedBeatClock({
    ...timers,
    set(callback, delayMs) {
      let handle: unknown;
      outsideRequests(() => {
        handle = setQuietTimeout(callback, delayMs);
      });
      return handle;
    },
  });
}

/** The active holds of this process and what has been counted of all. */
export const registry: HoldRegistry = new HoldRegistry();

/** What all holds of this process share. Events go out on `node:diagnostics_channel` where it is. */
export const surroundings: Surroundings = {
  clock: createClock(),
  registry,
  observer: createChannels<HoldEvent>(HOLD_EVENT_TYPES),
  warn(code, message) {
    const { process } = runtime;
    const text = `holdopen: ${message}`;
    if (process?.emitWarning === undefined) console.warn(`${text} (${code})`);
    else process.emitWarning(text, { type: 'HoldOpenWarning', code });
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

/** Somebody listens, who is told in the context of each request. */
export function isObserved(): boolean {
  return surroundings.observer.wants('late-outcome');
}

/** For one request, made in its own async context. */
export function createLifeline(): Lifeline {
  return new Lifeline(snapshot());
}
