import type { HoldEvent } from '@holdopen/core';
import { registry } from '@holdopen/node';
import { watchHolds } from '@holdopen/observe';
import type { Exchange, HeldFacts } from './exchange.js';

/** Follows what the engine does with the answers of one proxy; other servers of the process are not its business. */
export interface HoldWatch {
  add(exchange: Exchange): void;
  /** Ends its holds: event streams at once, the others if there is no patience left. */
  drain(patienceMs: number, retryAfterSeconds: number): void;
  stop(): void;
}

export function watchHeld(): HoldWatch {
  // On the request itself, for the garbage collector has much to do with a WeakMap of all requests.
  const key = Symbol('exchange');
  const stop = watchHolds(
    (event) => {
      const { [key]: exchange } = event.request as { [key]?: Exchange };
      if (exchange !== undefined) note(exchange, event);
    },
    ['commit', 'late-outcome', 'late-header-dropped', 'end'],
  );
  return {
    drain(patienceMs, retryAfterSeconds) {
      for (const hold of registry.active()) {
        if (key in (hold.request as object)) hold.drain(patienceMs, retryAfterSeconds);
      }
    },
    add: (exchange) => void Object.assign(exchange.req, { [key]: exchange }),
    stop,
  };
}

function note(exchange: Exchange, event: HoldEvent): void {
  switch (event.type) {
    case 'late-outcome':
      facts(exchange).lateStatus = event.outcome.status;
      break;
    case 'late-header-dropped':
      facts(exchange).droppedHeaders.push(event.header);
      break;
    case 'end':
      // A stream that was never silent was not held.
      if (exchange.held === undefined && event.hold.beats === 0) break;
      facts(exchange).beats = event.hold.beats;
      facts(exchange).heldMs = event.heldMs;
      facts(exchange).how = event.how;
      break;
    default:
      facts(exchange);
  }
}

function facts(exchange: Exchange): HeldFacts {
  exchange.held ??= { beats: 0, heldMs: 0, how: '', lateStatus: undefined, droppedHeaders: [] };
  return exchange.held;
}
