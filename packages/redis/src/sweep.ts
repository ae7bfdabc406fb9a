import type { RunRecord } from '@holdopen/runs';
import type { Hints } from './hints.js';
import type { ScriptAnswer } from './record.js';

/** How many runs are asked at once: a sweep must not hold up the commands of owners. */
const AT_ONCE = 50;

/** Settles what is lost, of the runs whose time has come. What is expired Redis has dropped itself. */
export async function sweepDue(
  hints: Hints,
  markLost: (run: string) => Promise<ScriptAnswer>,
  limit: number,
  onLost?: (record: RunRecord) => void,
): Promise<number> {
  let swept = 0;
  const due = await hints.due(limit);
  for (let at = 0; at < due.length; at += AT_ONCE) {
    await Promise.all(
      due.slice(at, at + AT_ONCE).map(async (hint) => {
        const { outcome, record } = await markLost(hint.run);
        if (outcome === 'lost' || record === undefined) swept += 1;
        if (outcome === 'lost' && record !== undefined) onLost?.(record);
        // A hint that is behind its run's renewals is brought up to date.
        if (record?.state === 'running') await hints.note(record);
        else await hints.forgetLease(hint);
      }),
    );
  }
  return swept;
}
