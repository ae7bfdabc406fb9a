import type { HoldEvent } from '@holdopen/core';
import { onTestFinished } from 'vitest';
import { watchHolds } from '../../src/index.js';

/** All events of holds from now on, until the test is over. */
export function recordHolds(): HoldEvent[] {
  const events: HoldEvent[] = [];
  onTestFinished(watchHolds((event) => void events.push(event)));
  return events;
}

/** Waits for what must come. */
export async function until(what: string, isSo: () => boolean): Promise<void> {
  const giveUpAt = Date.now() + 10_000;
  while (!isSo()) {
    if (Date.now() > giveUpAt) throw new Error(`never came: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const toldOf = new WeakSet<object>();
watchHolds(({ request }) => void toldOf.add(request as object), ['commit', 'untouched']);

/** Waits, in a handler, until its response is held or passes. It is given what events call the request. */
export function told(request: object): Promise<void> {
  return until('a response is held or passes', () => toldOf.has(request));
}
