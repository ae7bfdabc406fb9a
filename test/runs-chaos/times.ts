/** Short, so that what must be said in time is said while somebody waits for it. */
export const TIMES = {
  leaseMs: 3_000,
  graceMs: 3_000,
  sweepIntervalMs: 1_000,
  slowPollMs: 1_000,
  firstBeatMs: 250,
  intervalMs: 400,
  commandTimeoutMs: 700,
} as const;

/** From the death of an owner until the last of its watchers may be told, while the store is there. */
export const LOST_WITHIN_MS = TIMES.leaseMs + TIMES.graceMs + 1.5 * TIMES.sweepIntervalMs;
