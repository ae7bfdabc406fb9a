import type { Arrival } from '../observation.js';
import type { Batch } from '../rhythm.js';

/** Beats or data with nothing of the other kind in between. */
export type Stretch =
  | {
      readonly kind: 'beats';
      readonly startMs: number;
      readonly endMs: number;
      readonly batches: readonly Batch[];
    }
  | {
      readonly kind: 'data';
      readonly startMs: number;
      readonly endMs: number;
      readonly bytes: number;
      readonly pieces: number;
    };

/** Data further apart than that is two stretches. */
const SAME_STRETCH_MS = 1_000;

export function stretchesOf(arrivals: readonly Arrival[], batches: readonly Batch[]): Stretch[] {
  const stretches: Stretch[] = [];
  /** Of the last stretch, if it is one of beats. */
  let growing: Batch[] = [];
  let next = 0;
  for (const { kind, startMs, endMs, count: pieces, bytes } of arrivals) {
    const last = stretches.at(-1);
    if (kind === 'beat') {
      const batch = batches[next];
      // The first arrival of a batch brings all of it.
      if (batch?.startMs !== startMs) continue;
      next += 1;
      if (last?.kind === 'beats' && isSameKind(growing[0], batch)) {
        growing.push(batch);
        stretches[stretches.length - 1] = { ...last, endMs: batch.endMs };
      } else {
        growing = [batch];
        stretches.push({ kind: 'beats', startMs, endMs: batch.endMs, batches: growing });
      }
    } else if (last?.kind === 'data' && startMs - last.endMs < SAME_STRETCH_MS) {
      const sum = { bytes: last.bytes + bytes, pieces: last.pieces + pieces };
      stretches[stretches.length - 1] = { ...last, ...sum, endMs };
    } else stretches.push({ kind: 'data', startMs, endMs, bytes, pieces });
  }
  return stretches;
}

/** Single beats are not told together with bursts. */
function isSameKind(before: Batch | undefined, { beats }: Batch): boolean {
  return before !== undefined && before.beats > 1 === beats > 1;
}
