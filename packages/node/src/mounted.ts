import type { IncomingMessage } from 'node:http';
import type { HoldOpenOptions, Lane, Mount, Settings } from '@holdopen/core';
import { surroundings } from './surroundings.js';

export type NodeHoldOpenOptions = HoldOpenOptions<IncomingMessage>;

/** While a request's body arrives, this part of `firstBeatMs` passes between two looks. */
const UPLOAD_LOOKS = 8;
const MIN_UPLOAD_LOOK_MS = 25;
const MAX_UPLOAD_LOOK_MS = 1_000;

/** Settings with what every request needs of them ready at hand. */
export class MountedSettings {
  readonly settings: Settings<IncomingMessage>;
  readonly mount: Mount;
  readonly firstLane: Lane;
  readonly beatLane: Lane;
  readonly uploadLane: Lane;

  constructor(settings: Settings<IncomingMessage>, mount: Mount) {
    const { clock } = surroundings;
    const { firstBeatMs, intervalMs } = settings;
    const lookMs = Math.max(firstBeatMs / UPLOAD_LOOKS, MIN_UPLOAD_LOOK_MS);
    this.settings = settings;
    this.mount = mount;
    this.firstLane = clock.lane(firstBeatMs);
    this.beatLane = clock.lane(intervalMs);
    this.uploadLane = clock.lane(Math.min(lookMs, MAX_UPLOAD_LOOK_MS));
  }

  /** The same with a head that is withheld for so long. */
  withFirstBeat(firstBeatMs: number): MountedSettings {
    return new MountedSettings({ ...this.settings, firstBeatMs }, this.mount);
  }

  /** The same with an interval that is no longer than this. */
  withinInterval(intervalMs: number): MountedSettings {
    if (this.settings.intervalMs <= intervalMs) return this;
    return new MountedSettings({ ...this.settings, intervalMs }, this.mount);
  }
}
