import {
  type ClaimRequest,
  newEpoch,
  newRunId,
  RunError,
  type RunRecord,
  type RunStore,
  type StoredEntry,
  systemRandom,
} from '@holdopen/runs';

/** A claim of a key of its own, unless it is told the slot. */
export function claimOf({
  slot = newEpoch(systemRandom).padEnd(22, 's'),
  ...more
}: Partial<ClaimRequest> & { slot?: string } = {}): ClaimRequest {
  return {
    run: newRunId(slot, systemRandom),
    epoch: newEpoch(systemRandom),
    principal: 'somebody',
    route: 'POST /work',
    fingerprint: 'payload',
    leaseMs: 15_000,
    graceMs: 15_000,
    retentionMs: 60_000,
    restart: ['released'],
    ...more,
  };
}

export async function started(
  store: RunStore,
  more: Parameters<typeof claimOf>[0] = {},
): Promise<RunRecord> {
  const { outcome, record } = await store.claim(claimOf(more));
  if (outcome !== 'started') throw new Error(`The claim was answered as ${outcome}.`);
  return record;
}

export async function entriesOf(
  store: RunStore,
  { run, fence }: RunRecord,
): Promise<readonly StoredEntry[]> {
  const all = { after: 0, maxEntries: 100_000, maxBytes: 1e9 };
  return (await store.read({ run, epoch: fence.epoch, ...all }))?.entries ?? [];
}

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** The code of the error that something fails with. */
export async function codeOf(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt;
    return 'no error';
  } catch (error) {
    return error instanceof RunError ? error.code : String(error);
  }
}
