import { describe, expect, test } from 'vitest';
import { RunError } from '../src/errors.js';
import { FakeClock, settle } from './support/clock.js';
import { behind, type Fate } from './support/faulty.js';
import { chunk, logOf, own, textOf } from './support/owner.js';
import { openMemory } from './support/store.js';

function world() {
  const clock = new FakeClock();
  const { store, table } = openMemory(clock.now, 1_000, 1e8);
  const net: { fate: (method: string) => Fate } = { fate: () => 'pass' };
  return { clock, store, table, net, through: behind(store, (method) => net.fate(method)) };
}

/** A store that answers with an error of its own. */
function failingWorld() {
  const { clock, store } = world();
  const failing: { error: Error | undefined } = { error: undefined };
  const through = new Proxy(store, {
    get(target, name) {
      const own: unknown = Reflect.get(target, name);
      if (typeof own !== 'function') return own;
      return async (...args: unknown[]): Promise<unknown> => {
        if (failing.error !== undefined) throw failing.error;
        return own.apply(target, args);
      };
    },
  });
  return { clock, store, failing, through };
}

const done = { state: 'completed', status: 200 } as const;
const codeOf = (signal: AbortSignal): string => (signal.reason as RunError).code;

describe('the owner of a run', () => {
  test('writes entries in order, with head and end', async () => {
    const { clock, store } = world();
    const { writer, record } = await own(store, clock);
    writer.head({ status: 201, headers: [], unit: 'chunk' });
    for (let i = 0; i < 1_000; i += 1) writer.write(chunk(String(i)));
    const outcome = await writer.end(done);
    expect(outcome).toEqual({ kind: 'settled', state: 'completed' });
    const log = await logOf(store, record);
    expect(log.slice(0, -1).map(textOf)).toEqual(Array.from({ length: 1_000 }, (_, i) => `${i}`));
    expect(log.at(-1)).toMatchObject({ kind: 'end', state: 'completed', status: 200 });
    expect((await store.get(writer.run))?.head).toBeDefined();
    expect(writer.signal.aborted).toBe(false);
    expect(clock.pending).toBe(0);
  });

  test('asks its handler to wait while the window is full, and lets it go on', async () => {
    const { clock, store, net, through } = world();
    const { writer } = await own(store, clock, { windowBytes: 100, storeAwayMs: 60_000 }, through);
    net.fate = () => 'unsent';
    expect(writer.write(chunk('x'.repeat(50)))).toBe(true);
    expect(writer.write(chunk('x'.repeat(50)))).toBe(false);
    let drained = false;
    void writer.drained().then(() => {
      drained = true;
    });
    await clock.pass(3_000);
    expect(drained).toBe(false);
    net.fate = () => 'pass';
    await clock.pass(2_000);
    expect(drained).toBe(true);
  });

  test('an answer that is lost doubles nothing', async () => {
    const { clock, store, net, through } = world();
    const { writer, record } = await own(store, clock, {}, through);
    let calls = 0;
    net.fate = () => {
      calls += 1;
      return calls % 2 === 1 ? 'unanswered' : 'pass';
    };
    for (let i = 0; i < 20; i += 1) {
      writer.write(chunk(String(i)));
      await clock.pass(100);
    }
    const ended = writer.end(done);
    await clock.pass(5_000);
    expect(await ended).toEqual({ kind: 'settled', state: 'completed' });
    expect((await logOf(store, record)).map(textOf)).toEqual([
      ...Array.from({ length: 20 }, (_, i) => `${i}`),
      '<end>',
    ]);
  });

  test('cannot grow memory while the store is away, whatever its handler does', async () => {
    const { clock, store, net, through } = world();
    const { writer, record } = await own(store, clock, { maxLogBytes: 10_000 }, through);
    net.fate = () => 'hang';
    for (let i = 0; i < 1_000; i += 1) writer.write(chunk('x'.repeat(100)));
    expect(codeOf(writer.signal)).toBe('log_full');
    net.fate = () => 'pass';
    await clock.pass(20_000);
    expect(await writer.outcome).toEqual({ kind: 'settled', state: 'failed' });
    const log = await logOf(store, record);
    expect(log.length).toBeLessThan(101);
    expect(log.at(-1)).toMatchObject({ kind: 'end', state: 'failed', code: 'log_full' });
  });

  test('fails with log_full beyond maxLogBytes of what is stored', async () => {
    const { clock, store } = world();
    const { writer, record } = await own(store, clock, { maxLogBytes: 500 });
    for (let i = 0; i < 10; i += 1) {
      writer.write(chunk('x'.repeat(99)));
      await settle();
    }
    expect(codeOf(writer.signal)).toBe('log_full');
    expect((await logOf(store, record)).length).toBe(6);
  });

  test('fails when one entry is too large', async () => {
    const { clock, store } = world();
    const { writer } = await own(store, clock, { maxEntryBytes: 10 });
    expect(writer.write(chunk('x'.repeat(10)))).toBe(false);
    expect(codeOf(writer.signal)).toBe('entry_too_large');
    expect(await writer.outcome).toEqual({ kind: 'settled', state: 'failed' });
  });

  test.each(['unsent', 'hang', 'unanswered'] as const)(
    'fails the run and fires its signal when the store stays away (%s)',
    async (fate) => {
      const { clock, store, net, through } = world();
      const { writer, record } = await own(store, clock, { storeAwayMs: 5_000 }, through);
      writer.write(chunk('a'));
      await settle();
      net.fate = () => fate;
      writer.write(chunk('b'));
      await clock.pass(4_900);
      // What was appended though its answer was lost is there all the same.
      expect(writer.signal.aborted).toBe(false);
      await clock.pass(200);
      expect(codeOf(writer.signal)).toBe('store_away');
      net.fate = () => 'pass';
      await clock.pass(10_000);
      expect(await writer.outcome).toEqual({ kind: 'settled', state: 'failed' });
      const log = await logOf(store, record);
      expect(log.map(textOf)).toEqual(fate === 'unanswered' ? ['a', 'b', '<end>'] : ['a', '<end>']);
    },
  );

  test('tries again what the store has no name for, its end as well', async () => {
    const { clock, store, failing, through } = failingWorld();
    const { writer, record } = await own(store, clock, { storeAwayMs: 5_000 }, through);
    failing.error = new Error('ERR upstream failure');
    writer.write(chunk('a'));
    await clock.pass(4_000);
    expect(writer.signal.aborted).toBe(false);
    failing.error = undefined;
    await clock.pass(1_000);
    failing.error = new Error('ERR upstream failure');
    const ended = writer.end(done);
    await clock.pass(10_000);
    failing.error = undefined;
    await clock.pass(1_000);
    expect(await ended).toEqual({ kind: 'settled', state: 'completed' });
    expect((await logOf(store, record)).map(textOf)).toEqual(['a', '<end>']);
  });

  test('tries that again no longer than storeAwayMs, and says what it was', async () => {
    const { clock, store, failing, through } = failingWorld();
    const { writer } = await own(store, clock, { storeAwayMs: 5_000 }, through);
    failing.error = new Error('ERR upstream failure');
    writer.write(chunk('a'));
    await clock.pass(4_900);
    expect(writer.signal.aborted).toBe(false);
    await clock.pass(200);
    expect(codeOf(writer.signal)).toBe('store_away');
    expect(writer.signal.reason.cause.cause).toBe(failing.error);
  });

  test('does not try again what the store says is final', async () => {
    const { clock, store, failing, through } = failingWorld();
    const { writer } = await own(store, clock, {}, through);
    failing.error = new RunError('run_elsewhere', 'elsewhere');
    writer.write(chunk('a'));
    await settle();
    expect(codeOf(writer.signal)).toBe('store_away');
  });

  test('keeps its lease for as long as it works', async () => {
    const { clock, store } = world();
    const { writer, record } = await own(store, clock);
    for (let i = 0; i < 60; i += 1) {
      await clock.pass(60_000);
      await store.sweep(100, new Uint8Array(1));
    }
    expect((await store.get(record.run))?.state).toBe('running');
    writer.write(chunk('an hour later'));
    expect(await writer.end(done)).toEqual({ kind: 'settled', state: 'completed' });
  });

  test('comes back after a store that was away within lease and grace', async () => {
    const { clock, store, net, through } = world();
    const { writer } = await own(store, clock, {}, through);
    await clock.pass(5_000);
    net.fate = () => 'hang';
    await clock.pass(28_000);
    net.fate = () => 'pass';
    await clock.pass(2_000);
    expect(writer.signal.aborted).toBe(false);
    expect(await writer.end(done)).toEqual({ kind: 'settled', state: 'completed' });
  });

  test('fires its signal when it cannot renew within lease and grace', async () => {
    const { clock, store, net, through } = world();
    const { writer } = await own(store, clock, {}, through);
    net.fate = () => 'hang';
    await clock.pass(29_900);
    expect(writer.signal.aborted).toBe(false);
    await clock.pass(200);
    expect(codeOf(writer.signal)).toBe('lease_lost');
    expect(await writer.outcome).toMatchObject({ kind: 'orphaned' });
    expect(writer.write(chunk('x'))).toBe(false);
    await writer.drained();
    expect(clock.pending).toBe(0);
  });

  test('fires its signal when the run is lost while it is alive, and its appends are refused', async () => {
    const { clock, store, net, through } = world();
    const { writer, record } = await own(store, clock, { graceMs: 0 }, through);
    writer.write(chunk('a'));
    await settle();
    // The store's clock jumps: to the store the owner is gone.
    const table = store;
    net.fate = (method) => (method === 'renew' ? 'unsent' : 'pass');
    await clock.pass(14_900);
    net.fate = () => 'pass';
    await clock.pass(50);
    await table.settle({
      run: record.run,
      fence: record.fence,
      expectedTail: 1,
      entry: Uint8Array.of(5),
      state: 'lost',
      retentionMs: 1_000_000,
    });
    writer.write(chunk('late'));
    await settle();
    expect(codeOf(writer.signal)).toBe('lease_lost');
    expect((await store.get(record.run))?.tail).toBe(2);
  });

  test('is told by the doorbell that it is cancelled, and settles as cancelled', async () => {
    const { clock, store } = world();
    const { writer, record } = await own(store, clock);
    await settle();
    await store.requestCancel(record.run, record.fence.epoch);
    await clock.pass(300);
    expect(codeOf(writer.signal)).toBe('cancelled');
    expect((await store.get(record.run))?.state).toBe('running');
    expect(await writer.end(done)).toEqual({ kind: 'settled', state: 'cancelled' });
  });

  test('is told at its next renewal when the doorbell is broken', async () => {
    const { clock, store, net, through } = world();
    net.fate = (method) => (method === 'subscribe' ? 'unsent' : 'pass');
    const { writer, record } = await own(store, clock, {}, through);
    await store.requestCancel(record.run, record.fence.epoch);
    await clock.pass(5_100);
    expect(codeOf(writer.signal)).toBe('cancelled');
  });

  test('is cancelled after the grace if its handler does not settle', async () => {
    const { clock, store } = world();
    const { writer, record } = await own(store, clock, { cancelGraceMs: 3_000 });
    await settle();
    writer.write(chunk('a'));
    await store.requestCancel(record.run, record.fence.epoch);
    await clock.pass(3_500);
    expect(await writer.outcome).toEqual({ kind: 'settled', state: 'cancelled' });
    expect(writer.write(chunk('b'))).toBe(false);
    expect((await logOf(store, record)).map(textOf)).toEqual(['a', '<end>']);
  });

  test('an end that is out before the wish to cancel is known yields to it', async () => {
    const { clock, store } = world();
    const { writer, record } = await own(store, clock);
    const [outcome] = await Promise.all([
      writer.end(done),
      store.requestCancel(record.run, record.fence.epoch),
    ]);
    expect(outcome).toEqual({ kind: 'settled', state: 'cancelled' });
    expect(codeOf(writer.signal)).toBe('cancelled');
  });

  test('an end that is in the store before the wish to cancel stays', async () => {
    const { clock, store, net, through } = world();
    const { writer, record } = await own(store, clock, {}, through);
    net.fate = (method) => (method === 'settle' ? 'unanswered' : 'pass');
    const ended = writer.end(done);
    await settle();
    await store.requestCancel(record.run, record.fence.epoch);
    net.fate = () => 'pass';
    await clock.pass(1_000);
    expect(await ended).toEqual({ kind: 'settled', state: 'completed' });
    expect(writer.signal.aborted).toBe(false);
  });

  test('ends as lost where the store has lost a part of its log', async () => {
    const { clock, store, table } = world();
    const { writer, record } = await own(store, clock);
    writer.write(chunk('a'));
    await settle();
    const restore = table.snapshot();
    writer.write(chunk('b'));
    await settle();
    restore();
    writer.write(chunk('c'));
    await clock.pass(100);
    expect(codeOf(writer.signal)).toBe('store_rolled_back');
    expect(await writer.outcome).toEqual({ kind: 'settled', state: 'lost' });
    expect((await logOf(store, record)).map(textOf)).toEqual(['a', '<end>']);
  });

  test('fires its signal when the store does not know the run any more', async () => {
    const { clock, store, table } = world();
    const restore = table.snapshot();
    const { writer } = await own(store, clock);
    restore();
    await clock.pass(5_100);
    expect(codeOf(writer.signal)).toBe('store_rolled_back');
    expect(await writer.outcome).toMatchObject({ kind: 'orphaned' });
  });
});
