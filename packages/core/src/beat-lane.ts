import type { BeatClock, Lane } from './clock.js';

/** Next to the interval itself, how many shorter ones spread holds that began together. */
const PHASES = 16;
/** The beats of holds that began together may differ by up to this part of the interval. */
const SPREAD = 0.25;
/** Remaining times are rounded up to this, so that there are few lanes. */
const LANE_GRAIN_MS = 100;

let nextPhase = 0;

/**
 * Where a hold waits after a beat: one interval, but not beyond its limit of silence.
 * @param isFirst it was the first beat, so that others may have begun in the same moment
 * @param untilLimitMs may be infinite
 */
export function nextBeatLane(
  clock: BeatClock,
  intervalMs: number,
  isFirst: boolean,
  untilLimitMs: number,
): Lane {
  let delayMs = intervalMs;
  if (isFirst) {
    // They must not beat in the same moment for ever.
    nextPhase = (nextPhase + 1) % PHASES;
    delayMs = intervalMs - Math.floor((intervalMs * SPREAD * nextPhase) / PHASES);
  }
  if (untilLimitMs < delayMs) {
    const grain = Math.min(LANE_GRAIN_MS, intervalMs);
    delayMs = Math.min(delayMs, Math.max(1, Math.ceil(untilLimitMs / grain) * grain));
  }
  return clock.lane(delayMs);
}
