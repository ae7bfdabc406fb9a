import { decodeEntry, type Entry } from '../../src/entry.js';
import { type OwnerOptions, resolveOwnerOptions } from '../../src/owner/options.js';
import { RunWriter } from '../../src/owner/writer.js';
import { newEpoch, newRunId } from '../../src/run-id.js';
import type { RunRecord, RunStore } from '../../src/store.js';
import { systemRandom } from '../../src/timers.js';
import type { FakeClock } from './clock.js';

/** Claims a run and owns it. */
export async function own(
  store: RunStore,
  clock: FakeClock,
  options: OwnerOptions = {},
  through = store,
): Promise<{ writer: RunWriter; record: RunRecord }> {
  const settings = resolveOwnerOptions(options);
  const claimedAt = clock.now();
  const { record } = await store.claim({
    run: newRunId('s'.repeat(22), systemRandom, store.instance),
    epoch: newEpoch(systemRandom),
    principal: 'somebody',
    route: 'POST /work',
    fingerprint: 'payload',
    leaseMs: settings.leaseMs,
    graceMs: settings.graceMs,
    retentionMs: settings.retentionMs,
    restart: ['released'],
  });
  return { writer: new RunWriter(through, record, claimedAt, settings, clock), record };
}

export function chunk(text: string) {
  return { kind: 'chunk', bytes: new TextEncoder().encode(text) } as const;
}

export async function logOf(store: RunStore, { run, fence }: RunRecord): Promise<Entry[]> {
  const answer = await store.read({
    run,
    epoch: fence.epoch,
    after: 0,
    maxEntries: 100_000,
    maxBytes: 1e9,
  });
  return (answer?.entries ?? []).map((entry) => decodeEntry(entry.bytes));
}

export function textOf(entry: Entry | undefined): string {
  return entry?.kind === 'chunk' ? new TextDecoder().decode(entry.bytes) : `<${entry?.kind}>`;
}
