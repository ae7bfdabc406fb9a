import { describe, expect, test } from 'vitest';
import type { Cursor } from '../src/cursor.js';
import { encodeEntry } from '../src/entry.js';
import { createMemoryStore } from '../src/memory/create.js';
import type { RunRecord, RunStore } from '../src/store.js';
import type { WatchItem } from '../src/watch/batch.js';
import { RunFeeds } from '../src/watch/feeds.js';
import { FakeClock, settle } from './support/clock.js';
import { behind, type Fate } from './support/faulty.js';
import { chunk, own, textOf } from './support/owner.js';
import { openMemory } from './support/store.js';

const done = { state: 'completed', status: 200 } as const;
const never = new AbortController().signal;

function world() {
  const clock = new FakeClock();
  const { store, table } = openMemory(clock.now, 1_000, 1e8);
  const net: { fate: (method: string) => Fate } = { fate: () => 'pass' };
  const calls: { [method: string]: number; read: number; subscribe: number } = {
    read: 0,
    subscribe: 0,
  };
  const through = behind(store, (method) => {
    calls[method] = (calls[method] ?? 0) + 1;
    return net.fate(method);
  });
  return { clock, store, table, net, through, calls, feeds: new RunFeeds(through, {}, clock) };
}

/** Collects what one watcher gets, and how it ends. */
function collect(feeds: RunFeeds, run: string, cursor?: Cursor, signal: AbortSignal = never) {
  const items: WatchItem[] = [];
  const seen = {
    items,
    get texts() {
      return items.map((item) =>
        item.kind === 'head' ? `head ${item.head.status}` : textOf(item.entry),
      );
    },
    get last(): Cursor | undefined {
      const item = items.at(-1);
      return item?.kind === 'entry' ? item.cursor : undefined;
    },
    how: 'waiting',
  };
  void (async () => {
    try {
      for await (const item of feeds.watch(run, { cursor, signal })) items.push(item);
      seen.how = 'ended';
    } catch (error) {
      seen.how = (error as { code: string }).code;
    }
  })();
  return seen;
}

describe('a watcher', () => {
  test('gets the head, each entry once and in order, and the end', async () => {
    const { clock, store, feeds } = world();
    const { writer } = await own(store, clock);
    const early = collect(feeds, writer.run);
    await settle();
    writer.head({ status: 201, headers: [], unit: 'chunk' });
    for (const text of ['a', 'b', 'c']) writer.write(chunk(text));
    await settle();
    const late = collect(feeds, writer.run);
    writer.write(chunk('d'));
    await settle();
    await writer.end(done);
    await settle();
    const whole = ['head 201', 'a', 'b', 'c', 'd', '<end>'];
    for (const watcher of [early, late, collect(feeds, writer.run)]) {
      await settle();
      expect(watcher.texts).toEqual(whole);
      expect(watcher.how).toBe('ended');
    }
    expect(feeds.watchers(writer.run)).toBe(0);
    expect(clock.pending).toBe(0);
  });

  test('that leaves in the middle of a page gets no more of it', async () => {
    const { clock, store, feeds } = world();
    const { writer } = await own(store, clock);
    for (const text of ['a', 'b', 'c']) writer.write(chunk(text));
    await writer.end(done);
    const leave = new AbortController();
    const texts: string[] = [];
    for await (const item of feeds.watch(writer.run, { signal: leave.signal })) {
      if (item.kind === 'entry') texts.push(textOf(item.entry));
      if (texts.length === 2) leave.abort();
    }
    expect(texts).toEqual(['a', 'b']);
    expect(feeds.watchers(writer.run)).toBe(0);
  });

  test('can take what is there as a whole, up to a page', async () => {
    const { clock, store } = world();
    const feeds = new RunFeeds(store, { pageEntries: 2 }, clock);
    const { writer } = await own(store, clock);
    writer.head({ status: 200, headers: [], unit: 'chunk' });
    for (const text of ['a', 'b', 'c', 'd']) writer.write(chunk(text));
    await writer.end(done);
    const batches: string[][] = [];
    for await (const batch of feeds.batches(writer.run, { signal: never })) {
      const { kind } = batch;
      batches.push(kind === 'head' ? [kind] : batch.entries.map(({ entry }) => textOf(entry)));
    }
    expect(batches).toEqual([['head'], ['a', 'b'], ['c', 'd'], ['<end>']]);
  });

  test('goes on behind its cursor, and gets nothing more at the very end', async () => {
    const { clock, store, feeds } = world();
    const { writer } = await own(store, clock);
    for (const text of ['a', 'b', 'c']) writer.write(chunk(text));
    await writer.end(done);
    const first = collect(feeds, writer.run);
    await settle();
    const cursors = first.items.flatMap((item) => (item.kind === 'entry' ? [item.cursor] : []));
    const rest = [['b', 'c', '<end>'], ['c', '<end>'], ['<end>'], []];
    for (const [i, cursor] of cursors.entries()) {
      const watcher = collect(feeds, writer.run, cursor);
      await settle();
      expect(watcher.texts).toEqual(rest[i]);
      expect(watcher.how).toBe('ended');
    }
  });

  test('sees only what the store has acknowledged', async () => {
    const { clock, store, net, through, feeds } = world();
    const { writer } = await own(store, clock, {}, through);
    const watcher = collect(feeds, writer.run);
    await settle();
    net.fate = (method) => (method === 'append' ? 'unsent' : 'pass');
    writer.write(chunk('a'));
    await clock.pass(3_000);
    expect(watcher.texts).toEqual([]);
    net.fate = () => 'pass';
    await clock.pass(2_000);
    expect(watcher.texts).toEqual(['a']);
  });

  test('is told cursor_lost for a place that the log does not have', async () => {
    const { clock, store, feeds } = world();
    const { writer, record } = await own(store, clock);
    writer.write(chunk('a'));
    await settle();
    const { run, fence } = record;
    const good = { run, epoch: fence.epoch, offset: 1 };
    for (const cursor of [
      { ...good, epoch: 'another' },
      { ...good, offset: 2 },
      { ...good, run: run.replace(/.$/, 'Z') },
      { ...good, final: 'completed' as const },
    ]) {
      const watcher = collect(feeds, run, cursor);
      await settle();
      expect(watcher.how).toBe('cursor_lost');
    }
    await writer.end(done);
    for (const cursor of [
      { ...good, offset: 2 },
      { ...good, offset: 2, final: 'lost' as const },
      { ...good, offset: 1, final: 'completed' as const },
    ]) {
      const watcher = collect(feeds, run, cursor);
      await settle();
      expect(watcher.how).toBe('cursor_lost');
    }
  });

  test('is told that a run is not there, is elsewhere, or was purged', async () => {
    const { clock, store, feeds } = world();
    const { writer, record } = await own(store, clock);
    const stranger = collect(feeds, `${'x'.repeat(33)}test`);
    const elsewhere = collect(new RunFeeds(createMemoryStore(), {}, clock), writer.run);
    await settle();
    expect(stranger.how).toBe('not_found');
    expect(elsewhere.how).toBe('run_elsewhere');
    const watcher = collect(feeds, writer.run);
    writer.write(chunk('a'));
    await writer.end(done);
    await settle();
    await store.purge(writer.run, record.fence.epoch);
    const late = collect(feeds, writer.run);
    await settle();
    expect(watcher.how).toBe('ended');
    expect(late.how).toBe('purged');
  });

  test('of a dead owner gets what was written, and then lost', async () => {
    const { clock, store, net, through } = world();
    const { writer } = await own(store, clock, {}, through);
    writer.write(chunk('a'));
    await settle();
    net.fate = () => 'unsent';
    const watcher = collect(new RunFeeds(store, {}, clock), writer.run);
    await clock.pass(29_900);
    expect(watcher.texts).toEqual(['a']);
    await clock.pass(200);
    expect(watcher.texts).toEqual(['a', '<end>']);
    expect(watcher.items.at(-1)).toMatchObject({
      entry: { state: 'lost' },
      cursor: { final: 'lost' },
    });
  });

  test('finds what no doorbell rang for, by the slow poll', async () => {
    const { clock, store, through } = world();
    const deaf: RunStore = new Proxy(through, {
      get: (target, name) =>
        name === 'subscribe' ? async () => () => {} : (Reflect.get(target, name) as unknown),
    });
    const { writer } = await own(store, clock);
    const watcher = collect(new RunFeeds(deaf, { slowPollMs: 5_000 }, clock), writer.run);
    await settle();
    writer.write(chunk('a'));
    await settle();
    expect(watcher.texts).toEqual([]);
    await clock.pass(5_000);
    expect(watcher.texts).toEqual(['a']);
  });

  test.each(['unsent', 'hang'] as const)('is told when the store stays away (%s)', async (fate) => {
    const { clock, store, net, feeds } = world();
    const { writer } = await own(store, clock);
    const watcher = collect(feeds, writer.run);
    await settle();
    net.fate = () => fate;
    await clock.pass(24_900);
    expect(watcher.how).toBe('waiting');
    await clock.pass(200);
    expect(watcher.how).toBe('store_away');
    net.fate = () => 'pass';
    const again = collect(feeds, writer.run);
    writer.write(chunk('a'));
    await settle();
    expect(again.texts).toEqual(['a']);
  });

  test('is told cursor_lost when the store forgets what it had read', async () => {
    const { clock, store, table, feeds } = world();
    const { writer } = await own(store, clock);
    writer.write(chunk('a'));
    await settle();
    const restore = table.snapshot();
    const watcher = collect(feeds, writer.run);
    writer.write(chunk('b'));
    await settle();
    expect(watcher.texts).toEqual(['a', 'b']);
    const { last } = watcher;
    restore();
    await clock.pass(5_100);
    expect(watcher.how).toBe('cursor_lost');
    // The owner notices, too, and its end stands where "b" had been.
    writer.write(chunk('c'));
    await writer.outcome;
    const again = collect(feeds, writer.run, last);
    const anew = collect(feeds, writer.run);
    await settle();
    expect(again.how).toBe('cursor_lost');
    expect(anew.texts).toEqual(['a', '<end>']);
    expect(anew.last?.final).toBe('lost');
  });

  test('that reads slowly is told when the store forgets what it has not read yet', async () => {
    const { clock, store, table } = world();
    const feeds = new RunFeeds(store, { pageEntries: 2, pageBytes: 50 }, clock);
    const { writer } = await own(store, clock);
    writer.write(chunk('a'));
    await settle();
    const slow = feeds.watch(writer.run, { signal: new AbortController().signal });
    expect(await slow.next()).toMatchObject({ value: { cursor: { offset: 1 } } });
    const restore = table.snapshot();
    for (const text of ['b', 'c', 'd', 'e']) writer.write(chunk(text));
    await writer.end(done);
    await settle();
    restore();
    await expect(slow.next()).rejects.toMatchObject({ code: 'cursor_lost' });
  });

  test('that reads slowly pages for itself and slows neither run nor the others', async () => {
    const { clock, store } = world();
    const feeds = new RunFeeds(store, { pageEntries: 4, pageBytes: 100 }, clock);
    const { writer } = await own(store, clock);
    const slow = feeds.watch(writer.run, { signal: never });
    const fast = collect(feeds, writer.run);
    for (let i = 0; i < 100; i += 1) {
      writer.write(chunk(String(i)));
      await settle();
    }
    expect(fast.texts.length).toBe(100);
    await writer.end(done);
    await settle();
    const texts: string[] = [];
    for await (const item of slow) if (item.kind === 'entry') texts.push(textOf(item.entry));
    expect(texts).toEqual([...Array.from({ length: 100 }, (_, i) => `${i}`), '<end>']);
  });

  test('ends quietly by its signal, and leaves nothing behind', async () => {
    const { clock, store, feeds } = world();
    const { writer } = await own(store, clock);
    const leave = new AbortController();
    const watcher = collect(feeds, writer.run, undefined, leave.signal);
    await settle();
    expect(feeds.watchers(writer.run)).toBe(1);
    leave.abort();
    await settle();
    expect(watcher.how).toBe('ended');
    expect(feeds.watchers(writer.run)).toBe(0);
    await writer.end(done);
    expect(clock.pending).toBe(0);
  });

  test('many of one run cost the store one subscription and one read', async () => {
    const { clock, store, feeds, calls } = world();
    const { writer } = await own(store, clock);
    const watchers = Array.from({ length: 200 }, () =>
      collect(feeds, writer.run, undefined, new AbortController().signal),
    );
    await settle();
    const before = calls.read;
    writer.write(chunk('a'));
    await settle();
    expect(calls.subscribe).toBe(1);
    expect(calls.read - before).toBeLessThanOrEqual(2);
    expect(watchers.every(({ texts }) => texts.join() === 'a')).toBe(true);
  });

  test('is told of bytes in the log that are none of ours', async () => {
    const { clock, store, feeds } = world();
    const { record } = await own(store, clock);
    const watcher = collect(feeds, record.run);
    const { run, fence } = record;
    await store.append({
      run,
      fence,
      expectedTail: 0,
      entries: [encodeEntry(chunk('a')), Uint8Array.of(77)],
    });
    await settle();
    expect(watcher.how).toBe('corrupt_entry');
  });
});

describe('a watcher that brings what the store has said', () => {
  async function texts(feeds: RunFeeds, record: RunRecord, signal = never) {
    const found: string[] = [];
    for await (const item of feeds.watch(record.run, { signal, record })) {
      found.push(item.kind === 'head' ? 'head' : textOf(item.entry));
    }
    return found;
  }

  test('does not ask again, and gets what was written since', async () => {
    const { clock, store, feeds, calls } = world();
    const { writer, record } = await own(store, clock);
    for (const text of ['a', 'b']) writer.write(chunk(text));
    await writer.end(done);
    expect(await texts(feeds, record)).toEqual(['a', 'b', '<end>']);
    expect(calls).toMatchObject({ subscribe: 1 });
    expect(calls).not.toHaveProperty('get');
  });

  test('is told cursor_lost if the work was started anew since', async () => {
    const { clock, store, feeds } = world();
    const { writer, record } = await own(store, clock);
    await writer.end({ state: 'released', status: 503 });
    const times = { leaseMs: 15_000, graceMs: 15_000, retentionMs: 60_000 };
    const again = { ...record, ...times, epoch: 'another', restart: ['released'] as const };
    expect(await store.claim(again)).toMatchObject({ outcome: 'started' });
    await expect(texts(feeds, record)).rejects.toMatchObject({ code: 'cursor_lost' });
    expect(feeds.watchers(record.run)).toBe(0);
  });

  test('takes the run from nobody who reads its end slowly', async () => {
    const { clock, store, feeds } = world();
    const { writer, record } = await own(store, clock);
    writer.write(chunk('a'));
    await clock.pass(10);
    const slow = feeds.watch(record.run, { signal: never });
    await slow.next();
    await writer.end(done);
    await settle();
    // Of before the end, which the feed has seen.
    expect(await texts(feeds, record)).toEqual(['a', '<end>']);
    const another = feeds.watch(record.run, { signal: never, record });
    await another.next();
    expect(feeds.watchers(record.run)).toBe(2);
    await Promise.all([slow.return(), another.return()]);
    expect(feeds.watchers(record.run)).toBe(0);
  });
});

describe('a sealed log', () => {
  const key = 0x5a;
  const flip = (bytes: Uint8Array): Uint8Array => bytes.map((byte) => byte ^ key);
  const codec = { seal: flip, open: async (bytes: Uint8Array) => flip(bytes) };

  test('cannot be read in the store, and is read by who has the codec', async () => {
    const { clock, store, feeds } = world();
    const { writer, record } = await own(store, clock, { codec });
    writer.head({ status: 200, headers: [['x-secret', 'secret']], unit: 'chunk' });
    writer.write(chunk('a secret'));
    await writer.end(done);
    const { run, fence } = record;
    const raw = await store.read({
      run,
      epoch: fence.epoch,
      after: 0,
      maxEntries: 9,
      maxBytes: 1e6,
    });
    const bytes = [raw?.record.head, ...(raw?.entries ?? []).map((entry) => entry.bytes)];
    for (const one of bytes) expect(new TextDecoder().decode(one)).not.toContain('secret');
    const reader = collect(new RunFeeds(store, { codec }, clock), run);
    const without = collect(feeds, run);
    await settle();
    expect(reader.texts).toEqual(['head 200', 'a secret', '<end>']);
    expect(without.how).toBe('corrupt_entry');
  });
});
