import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeEntry, lostEntry } from '../src/entry.js';
import { entriesOf, Town, type Watch } from './support/town.js';

// Whatever happens in whatever order, an auditor outside the system finds what the contract promises.

const RUNS = 150;
const byte = fc.nat(255);
const action = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ does: fc.constant('request' as const), a: byte, b: fc.nat(3) }),
  },
  { weight: 12, arbitrary: fc.record({ does: fc.constant('work' as const), a: byte, b: byte }) },
  { weight: 6, arbitrary: fc.record({ does: fc.constant('watch' as const), a: byte, b: byte }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('cancel' as const), a: byte, b: byte }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('crash' as const), a: byte, b: byte }) },
  {
    weight: 3,
    arbitrary: fc.record({ does: fc.constant('outage' as const), a: byte, b: fc.nat(20_000) }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ does: fc.constant('pass' as const), a: byte, b: fc.nat(4_000) }),
  },
);
interface Rollback {
  readonly does: 'rollback';
  readonly a: number;
  readonly b: number;
}
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;
const rollback: fc.Arbitrary<Rollback> = fc.record({
  does: fc.constant('rollback' as const),
  a: byte,
  b: fc.nat(3_000),
});

async function live(seed: number, actions: readonly (Action | Rollback)[]) {
  const town = new Town(seed);
  for (const { does, a, b } of actions) {
    if (does === 'request') town.request(a, b);
    else if (does === 'work') town.work(a, b);
    else if (does === 'watch') town.watch(a, b, a % 2 === 0);
    else if (does === 'cancel') await town.cancel(a);
    else if (does === 'crash') town.crash(a);
    else if (does === 'outage') town.outage(a, b);
    else if (does === 'rollback') town.rollback(b);
    else await town.clock.pass(b);
    await town.clock.pass(b % 3 === 0 ? 0 : 20);
  }
  // The network heals; handlers finish; a while passes in which all must be said.
  town.badness = 0;
  await town.clock.pass(12_000);
  for (const start of town.starts) {
    if (!start.node.alive || start.ended !== undefined || start.writer.signal.aborted) continue;
    start.ended = 'completed';
    void start.writer.end({ state: 'completed', status: 200 });
  }
  await town.clock.pass(60_000);
  // What nobody watched. Who watched was told without a sweeper.
  await town.memory.store.sweep(10_000, encodeEntry(lostEntry()));
  return town;
}

/** Each offset once and in order, with what the handler wrote there; then the end, or a word. */
function auditWatch(town: Town, watch: Watch): void {
  expect(['ended', 'killed', 'cursor_lost', 'not_found', 'store_away']).toContain(watch.how);
  const entries = entriesOf(watch);
  let expected = (watch.from?.offset ?? 0) + 1;
  for (const { cursor, entry, text } of entries) {
    expect(cursor.offset).toBe(expected);
    expected += 1;
    const start = town.starts.find(({ record }) => record.fence.epoch === cursor.epoch);
    if (entry.kind === 'chunk') expect(text).toBe(start?.written[cursor.offset - 1]);
    else if (entry.kind === 'end' && entry.state === 'completed') {
      expect(cursor.offset).toBe((start?.written.length ?? 0) + 1);
    }
  }
  if (watch.how === 'ended') {
    const last = entries.at(-1);
    expect(last?.entry.kind ?? (watch.from?.final && 'end')).toBe('end');
  }
}

test('each key starts once, and every watcher is exact or told, whatever crashes', async () => {
  let starts = 0;
  let watched = 0;
  let lost = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.integer(),
      fc.array(action, { minLength: 10, maxLength: 120, size: 'max' }),
      async (seed, actions) => {
        const town = await live(seed, actions);
        for (const key of new Set(town.starts.map((start) => start.key))) {
          const attempts = town.starts.filter((start) => start.key === key);
          attempts.forEach((start, i) => {
            expect(start.record.run).toBe(attempts[0]?.record.run);
            const before = attempts[i - 1];
            // Only a released run starts anew, and a run that its owner died over does not.
            if (before !== undefined) {
              expect(before.ended).toBe('released');
              expect(start.record.attempt).toBeGreaterThan(before.record.attempt);
            }
          });
        }
        for (const { record } of town.memory.table.rows()) {
          // Also one that was claimed and whose handler never ran.
          if (record.state === 'lost')
            expect(town.claims.get(record.fence.epoch)?.alive).toBe(false);
        }
        for (const start of town.starts) {
          const record = await town.memory.store.get(start.record.run);
          expect(record?.state).not.toBe('running');
          if (record?.fence.epoch !== start.record.fence.epoch) continue;
          // Only runs whose owner was killed are lost.
          if (record.state === 'lost') expect(start.node.alive).toBe(false);
          if (record.state === 'lost') lost += 1;
          if (start.node.alive)
            expect(await start.writer.outcome).toMatchObject({ kind: 'settled' });
        }
        for (const watch of town.watches) {
          expect(watch.how).not.toBe('store_away');
          // Nothing is lost to a watcher but by a new start, be it one whose handler never ran.
          const { attempt } = (await town.memory.store.get(watch.run)) ?? {};
          if (attempt === 1) expect(watch.how).not.toBe('cursor_lost');
          auditWatch(town, watch);
        }
        starts += town.starts.length;
        watched += town.watches.length;
      },
    ),
    { numRuns: RUNS },
  );
  // The chaos was one.
  expect(starts).toBeGreaterThan(3 * RUNS);
  expect(watched).toBeGreaterThan(6 * RUNS);
  expect(lost).toBeGreaterThan(RUNS / 10);
}, 240_000);

test('when the store forgets what it had acknowledged, every watcher is exact or told', async () => {
  let told = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.integer(),
      fc.array(fc.oneof({ weight: 12, arbitrary: action }, { weight: 1, arbitrary: rollback }), {
        minLength: 20,
        maxLength: 120,
        size: 'max',
      }),
      async (seed, actions) => {
        const town = await live(seed, actions);
        for (const watch of town.watches) {
          auditWatch(town, watch);
          if (watch.how === 'cursor_lost') told += 1;
        }
        for (const start of town.starts) {
          const record = await town.memory.store.get(start.record.run);
          expect(record?.state).not.toBe('running');
        }
      },
    ),
    { numRuns: RUNS },
  );
  expect(told).toBeGreaterThan(RUNS / 10);
}, 240_000);
