import type { CallResult } from './call.js';
import type { DemoOptions } from './options.js';

/** How much later than the idle limit a drop may be noticed on a busy machine. */
const SLACK_MS = 2_000;

/** What did not come out as promised: one sentence each. */
export function brokenPromises(results: readonly CallResult[], options: DemoOptions): string[] {
  return results.flatMap((result) => {
    const differences = expected(result, options).filter(({ kept }) => !kept);
    return differences.map(
      ({ promise }) => `${result.route}: ${promise}, got ${JSON.stringify(result)}`,
    );
  });
}

function expected(
  { route, outcome, status, trueStatus, elapsedMs, beats, error, parsed }: CallResult,
  { idleMs, toolMs, nginx }: DemoOptions,
): { promise: string; kept: boolean }[] {
  switch (route) {
    case 'unwrapped': {
      const latest = idleMs + SLACK_MS;
      return [
        { promise: 'should be dropped', kept: outcome === 'dropped' && !parsed && error !== null },
        {
          promise: `should be dropped near the idle limit, at ${idleMs} to ${latest} ms`,
          // Node's timers and nginx's may be a few milliseconds early.
          kept: elapsedMs >= idleMs - 50 && elapsedMs <= latest,
        },
        nginx
          ? { promise: 'should have the 504 of nginx', kept: status === 504 }
          : { promise: 'should have no status', kept: status === null },
      ];
    }
    case 'held':
      return [
        { promise: 'should be answered', kept: outcome === 'answered' && error === null },
        { promise: 'should have status 200', kept: status === 200 && trueStatus === 200 },
        { promise: 'should have beats', kept: beats >= 1 },
        { promise: 'should be whole JSON', kept: parsed },
        { promise: `should take the tool's ${toolMs} ms`, kept: elapsedMs >= toolMs - 50 },
      ];
    case 'held-late-failure':
      return [
        { promise: 'should fail late', kept: outcome === 'failed-late' },
        { promise: 'should have status 200 on the wire', kept: status === 200 },
        { promise: 'should have the true status 502', kept: trueStatus === 502 },
        { promise: 'should be an error to a plain client', kept: error !== null && !parsed },
      ];
  }
}
