import type { IncomingMessage } from 'node:http';
import type { HoldOpenOptions, Lane, Mount, Settings } from '@holdopen/core';
import type { RunsPort } from '@holdopen/fetch';
import { surroundings } from './surroundings.js';

/** The option that makes work outlive its connection, the same in all adapters on Node. */
export interface RunsOption {
  /**
   * Makes the work outlive its connection: `createRuns()` of @holdopen/runs. A request with an
   * `Idempotency-Key` starts its work once, and is answered from what was recorded of it, also after
   * the connection was lost. The handler is not changed; its response and signal are the run's.
   *
   * @default none
   */
  runs?: RunsPort | undefined;
}

export interface NodeHoldOpenOptions extends HoldOpenOptions<IncomingMessage>, RunsOption {}

/** While a request's body arrives, this part of `firstBeatMs` passes between two looks. */
const UPLOAD_LOOKS = 8;
const MIN_UPLOAD_LOOK_MS = 25;
const MAX_UPLOAD_LOOK_MS = 1_000;

/** Settings with what every request needs of them ready at hand. */
export class MountedSettings {
  readonly settings: Settings<IncomingMessage>;
  readonly mount: Mount;
  readonly runs: RunsPort | undefined;
  readonly firstLane: Lane;
  readonly beatLane: Lane;
  readonly uploadLane: Lane;

  constructor(settings: Settings<IncomingMessage>, mount: Mount, runs?: RunsPort) {
    const { clock } = surroundings;
    const { firstBeatMs, intervalMs } = settings;
    const lookMs = Math.max(firstBeatMs / UPLOAD_LOOKS, MIN_UPLOAD_LOOK_MS);
    this.settings = settings;
    this.mount = mount;
    this.runs = runs;
    this.firstLane = clock.lane(firstBeatMs);
    this.beatLane = clock.lane(intervalMs);
    this.uploadLane = clock.lane(Math.min(lookMs, MAX_UPLOAD_LOOK_MS));
  }

  /** The same with a head that is withheld for so long at least. */
  withFirstBeatAfter(leastMs = 0): MountedSettings {
    if (this.settings.firstBeatMs >= leastMs) return this;
    return new MountedSettings({ ...this.settings, firstBeatMs: leastMs }, this.mount, this.runs);
  }

  /** The same with an interval that is no longer than this. */
  withinInterval(intervalMs: number): MountedSettings {
    if (this.settings.intervalMs <= intervalMs) return this;
    return new MountedSettings({ ...this.settings, intervalMs }, this.mount, this.runs);
  }
}
