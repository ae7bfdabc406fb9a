import type { RunEvent, RunFacts } from '@holdopen/runs';
import type { RouteLabels } from '../route.js';
import { watchRuns } from '../watch.js';
import type { Ledger } from './ledger.js';
import type { RequestRuns } from './request-runs.js';

/** Writes down which runs this process works on, and how they failed if they did. */
export function keepRuns(
  ledger: Ledger,
  labels: RouteLabels,
  requestRuns: RequestRuns,
): () => void {
  return watchRuns(
    (event) => {
      if ('request' in event) requestRuns.set(event.request, event.run.id);
      if (event.type === 'run-start')
        ledger.open('run', event.run.id, labels.named(event.run.route));
      else if (event.type === 'run-end') ended(event);
      else if (event.type === 'run-lost') {
        ledger.failed({ ...factsOf(event.run), outcome: 'lost', code: 'lost' });
      }
    },
    ['run-start', 'run-attach', 'run-resume', 'run-end', 'run-lost'],
  );

  function ended({
    run,
    state,
    status,
    code,
    ranMs,
    logBytes,
  }: RunEvent & { type: 'run-end' }): void {
    // To be told to stop is no failure.
    if (state !== 'completed' && state !== 'cancelled') {
      ledger.failed({
        ...factsOf(run),
        outcome: state === 'lost' ? 'lost' : 'failed',
        ...(status === undefined ? {} : { status }),
        ...(code === undefined ? {} : { code }),
        heldMs: Math.round(ranMs),
        bytes: logBytes,
      });
    }
    ledger.close('run', run.id);
  }

  function factsOf({ id, route, attempt }: RunFacts) {
    return { subject: 'run', run: id, attempts: attempt, route: labels.named(route) } as const;
  }
}
