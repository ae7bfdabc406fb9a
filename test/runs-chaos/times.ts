/**
 * Short, so that what must be said in time is said while somebody waits for it; but lease and grace
 * outlast the store's being away for longer than a request waits for it, which is 5 s.
 */
export const TIMES = {
  leaseMs: 3_000,
  graceMs: 9_000,
  sweepIntervalMs: 1_000,
  slowPollMs: 1_000,
  firstBeatMs: 250,
  intervalMs: 400,
  commandTimeoutMs: 700,
} as const;

/** An owner that dies has renewed its lease within a third of it. */
export const FIRST_LOST_MS = (TIMES.leaseMs * 2) / 3 + TIMES.graceMs;

/** From the death of an owner until the last of its watchers may be told, while the store is there. */
export const LOST_WITHIN_MS = TIMES.leaseMs + TIMES.graceMs + 1.5 * TIMES.sweepIntervalMs;
