/** Short enough for tests, long enough for a machine that is busy. */
export const QUICK = { firstBeatMs: 40, intervalMs: 60 } as const;
/** How long the slow routes are silent. */
export const SILENCE_MS = 300;
