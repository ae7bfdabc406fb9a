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
  for (let from = 0; running.length < limit; from += PAGE) {
    const page = await hints.ofPrincipal(principal, from, PAGE);
    const records = await Promise.all(page.map(({ run }) => get(run)));
    const stale = page.filter((_, i) => records[i]?.state !== 'running');
    for (const record of records) {
      if (record?.state === 'running' && record.principal === principal) running.push(record);
    }
    await Promise.all(stale.map((hint) => hints.forgetOfPrincipal(principal, hint)));
    // What was dropped made the later ones move up.
    from -= stale.length;
    if (page.length < PAGE) break;
  }
  return running.sort((a, b) => a.startedAt - b.startedAt).slice(0, limit);
}
