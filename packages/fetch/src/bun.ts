import { isBun } from './runtime.js';

/** Bun ends a connection after 9 to 12 s of silence, unless it was told otherwise. */
const LOOK_AFTER_MS = 4_000;
/** What Bun's clock can be late by, and then some. */
const SLACK_MS = 10_000;
/** The longest that Bun can count; beyond it only "never" is left. */
const MAX_IDLE_S = 255;

/** How long the head may be withheld without a word to Bun. */
export function firstLookMs(firstBeatMs: number): number {
  return isBun ? Math.min(firstBeatMs, LOOK_AFTER_MS) : firstBeatMs;
}

/**
 * Lets a silent request live. `server` is the second argument of a Bun handler; `false` if it is none.
 *
 * Not 0, which would stand for the connection, too: one that was kept alive would never be closed.
 */
export function raiseIdleTimeout(server: unknown, request: unknown, silentMs: number): boolean {
  if (!isBun || typeof server !== 'object' || server === null || !('timeout' in server)) {
    return false;
  }
  const { timeout } = server;
  if (typeof timeout !== 'function') return false;
  const seconds = Math.ceil((2 * silentMs + SLACK_MS) / 1_000);
  try {
    timeout.call(server, request, seconds > MAX_IDLE_S ? 0 : seconds);
    return true;
  } catch {
    return false;
  }
}
