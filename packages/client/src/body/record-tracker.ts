import type { Tracker } from './tracker.js';

const LF = 0x0a;
const SP = 0x20;
const RS = 0x1e;

/** NDJSON and JSON text sequences: at the start of a line, and behind the beats there. */
export class RecordTracker implements Tracker {
  atBoundary = true;

  push(bytes: Uint8Array): void {
    let end = bytes.length;
    while (end > 0 && (bytes[end - 1] === SP || bytes[end - 1] === RS)) end -= 1;
    if (end > 0) this.atBoundary = bytes[end - 1] === LF;
  }
}

/** A body of which nothing is known: a beat never comes. */
export class OpaqueTracker implements Tracker {
  readonly atBoundary = false;
  push(): void {}
}
