import type { DrainOptions, DrainResult } from '@holdopen/core';
import { cutsDone } from './held-body.js';
import { clearQuietTimeout, registry } from './surroundings.js';

// Captured when the module loads, so that a test's fake timers do not meet ours.
const { setTimeout } = globalThis;

/**
 * Ends all holds for a shutdown: GET event streams at once, the others when they are done or after
 * `timeoutMs` (10 s by default), with a late 503. Call it after the server has stopped to listen.
 *
 * @throws HoldOpenError if an option is wrong.
 */
export async function drain(options?: DrainOptions): Promise<DrainResult> {
  const result = await registry.drain({ set: setTimeout, clear: clearQuietTimeout }, options);
  await cutsDone();
  return result;
}
