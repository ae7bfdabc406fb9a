import type { BeatClock } from './clock.js';
import type { HoldObserver } from './diagnostics.js';
import type { HoldRegistry } from './registry.js';

/** What all holds of a process share. */
export interface Surroundings {
  readonly clock: BeatClock;
  readonly registry: HoldRegistry;
  readonly observer: HoldObserver;
  /** A person should know; called once for a route and matter. */
  warn(code: string, message: string): void;
  /** Where errors go that nobody took. */
  report(message: string, error: unknown): void;
}
