import type { Planned } from '../faults.js';
import type { Draw } from '../random.js';
import type { Schedule } from './delay-line.js';

/** What may be on a long way at a time. A real path holds its bandwidth times its delay. */
const IN_FLIGHT_BYTES = 1024 * 1024;
/** Little, so that the sender soon feels that nobody takes more. */
const THROTTLED_BYTES = 16 * 1024;
/** How often a second a throttled lane lets something through. */
const PIECES_PER_SECOND = 50;

export function latency(fault: Planned<'latency'>, draw: Draw): Schedule {
  let last = 0;
  // Of an endless range nothing can be drawn.
  const jitter = (): number =>
    Number.isFinite(fault.jitterMs) ? draw.integer(0, Math.floor(fault.jitterMs)) : fault.jitterMs;
  const due = (now: number) => {
    last = Math.max(last, now + fault.delayMs + jitter());
    return last;
  };
  return {
    bytesDue: due,
    endDue: due,
    pieceBytes: Number.POSITIVE_INFINITY,
    heldBytes: IN_FLIGHT_BYTES,
  };
}

export function throttle({ bytesPerSecond }: Planned<'throttle'>): Schedule {
  let free = 0;
  return {
    bytesDue(now, length) {
      free = Math.max(free, now) + (length / bytesPerSecond) * 1000;
      return free;
    },
    endDue: () => free,
    pieceBytes: Math.max(1, Math.floor(bytesPerSecond / PIECES_PER_SECOND)),
    heldBytes: THROTTLED_BYTES,
  };
}

export function burst({ everyMs }: Planned<'burst'>): Schedule {
  const start = performance.now();
  const due = (now: number) =>
    Number.isFinite(everyMs) ? start + Math.ceil((now - start) / everyMs) * everyMs : everyMs;
  return {
    bytesDue: due,
    endDue: due,
    pieceBytes: Number.POSITIVE_INFINITY,
    heldBytes: IN_FLIGHT_BYTES,
  };
}

export function lateFin({ delayMs }: Planned<'late-fin'>): Schedule {
  return {
    bytesDue: (now) => now,
    endDue: (now) => now + delayMs,
    pieceBytes: Number.POSITIVE_INFINITY,
    heldBytes: IN_FLIGHT_BYTES,
  };
}
