import type { RunRecord } from '@holdopen/runs';
import type { Hints } from './hints.js';

/** How many runs are asked for at once. */
const PAGE = 100;

/** The running runs of a principal, oldest first. Hints at runs that are over are dropped. */
export async function listRunning(
  hints: Hints,
  get: (run: string) => Promise<RunRecord | undefined>,
  principal: string,
  limit: number,
): Promise<readonly RunRecord[]> {
  const running: RunRecord[] = [];
  let from = 0;
  while (running.length < limit) {
    const page = await hints.ofPrincipal(principal, from, PAGE);
    const records = await Promise.all(page.map(({ run }) => get(run)));
    const stale = page.filter((_, i) => records[i]?.state !== 'running');
    for (const record of records) {
      if (record?.state === 'running' && record.principal === principal) running.push(record);
    }
    const dropped = await Promise.all(
      stale.map((hint) => hints.forgetOfPrincipal(principal, hint)),
    );
    if (page.length < PAGE) break;
    // What was dropped made the later ones move up. A server that reads and does not write drops none:
    // it would be asked for the same page for ever.
    from += page.length - dropped.filter(Boolean).length;
  }
  return running.sort((a, b) => a.startedAt - b.startedAt).slice(0, limit);
}
