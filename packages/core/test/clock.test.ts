import { type BeatClock, ClockEntry, SeparateBeatClock, SharedBeatClock } from '@holdopen/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FakeTimers } from './support.js';

class Entry extends ClockEntry {
  firedMs: number[] = [];
  readonly #timers: FakeTimers;
  readonly #then: (() => void) | undefined;

  constructor(timers: FakeTimers, then?: () => void) {
    super();
    this.#timers = timers;
    this.#then = then;
  }

  override fire(): void {
    this.firedMs.push(this.#timers.nowMs);
    this.#then?.();
  }
}

/** What an entry may be late by: a tick while others come and go, and one to correct itself. */
const LATE_MS = 10;

describe.each<[string, (timers: FakeTimers) => BeatClock]>([
  ['the shared clock', (timers) => new SharedBeatClock(timers)],
  ['the clock with a timer for each', (timers) => new SeparateBeatClock(timers)],
])('%s', (_name, create) => {
  function setUp(): { timers: FakeTimers; clock: BeatClock } {
    const timers = new FakeTimers();
    timers.nowMs = 12_345;
    return { timers, clock: create(timers) };
  }

  test('fires an entry once, when it is due', () => {
    const { timers, clock } = setUp();
    const entry = new Entry(timers);
    clock.lane(100).add(entry);
    timers.advance(99);
    expect(entry.firedMs).toEqual([]);
    timers.advance(LATE_MS);
    expect(entry.firedMs.length).toBe(1);
    timers.advance(10_000);
    expect(entry.firedMs.length).toBe(1);
  });

  test('fires in the order in which entries are due, over all lanes', () => {
    const { timers, clock } = setUp();
    const order: number[] = [];
    for (const delayMs of [300, 100, 200, 1, 1_000]) {
      clock.lane(delayMs).add(new Entry(timers, () => order.push(delayMs)));
    }
    timers.advance(2_000);
    expect(order).toEqual([1, 100, 200, 300, 1_000]);
  });

  test('fires in the order of arrival within a lane', () => {
    const { timers, clock } = setUp();
    const order: number[] = [];
    for (let i = 0; i < 5; i++) {
      clock.lane(100).add(new Entry(timers, () => order.push(i)));
      timers.advance(7);
    }
    timers.advance(200);
    expect(order).toEqual([0, 1, 2, 3, 4]);
  });

  test('does not fire an entry that was removed, and may be given it again', () => {
    const { timers, clock } = setUp();
    const entry = new Entry(timers);
    const lane = clock.lane(100);
    lane.add(entry);
    timers.advance(50);
    clock.remove(entry);
    clock.remove(entry);
    timers.advance(200);
    expect(entry.firedMs).toEqual([]);
    lane.add(entry);
    timers.advance(100 + LATE_MS);
    expect(entry.firedMs.length).toBe(1);
  });

  test('removes from the middle of a lane without touching the neighbours', () => {
    const { timers, clock } = setUp();
    const entries = Array.from({ length: 5 }, () => new Entry(timers));
    for (const entry of entries) clock.lane(100).add(entry);
    for (const i of [2, 0, 4]) clock.remove(entries[i] as Entry);
    timers.advance(200);
    expect(entries.map(({ firedMs }) => firedMs.length)).toEqual([0, 1, 0, 1, 0]);
  });

  test('does nothing when what never waited is removed', () => {
    const { timers, clock } = setUp();
    clock.remove(new Entry(timers));
    expect(timers.pending).toBe(0);
  });

  test('lets an entry wait again in another lane while it fires', () => {
    const { timers, clock } = setUp();
    const entry: Entry = new Entry(timers, () => {
      if (entry.firedMs.length === 1) clock.lane(30).add(entry);
    });
    clock.lane(100).add(entry);
    timers.advance(500);
    const [first = 0, second = 0] = entry.firedMs;
    expect(entry.firedMs.length).toBe(2);
    expect(second - first).toBeGreaterThanOrEqual(30);
    expect(second - first).toBeLessThanOrEqual(30 + LATE_MS);
  });

  test('lets an entry that fires remove one that is due at the same time', () => {
    const { timers, clock } = setUp();
    const victim = new Entry(timers);
    clock.lane(100).add(new Entry(timers, () => clock.remove(victim)));
    clock.lane(100).add(victim);
    timers.advance(500);
    expect(victim.firedMs).toEqual([]);
  });

  test('does not drift: a thousand waits in a row end a thousand delays later', () => {
    const { timers, clock } = setUp();
    const lane = clock.lane(50);
    const entry: Entry = new Entry(timers, () => lane.add(entry));
    lane.add(entry);
    timers.advance(50 * 1_000 + LATE_MS);
    const [first = 0] = entry.firedMs;
    expect(entry.firedMs.length).toBe(1_000);
    expect(entry.firedMs.at(-1)).toBe(first + 50 * 999);
  });

  test('an entry that throws does not stop the others', () => {
    const { timers, clock } = setUp();
    const far = new Entry(timers);
    clock.lane(60_000).add(far);
    const fault = new Error('fault');
    const entries = Array.from({ length: 5 }, (_, i) => {
      return new Entry(timers, () => {
        if (i % 2 === 0) throw fault;
      });
    });
    for (const entry of entries) clock.lane(100).add(entry);
    timers.advance(200);
    expect(entries.map(({ firedMs }) => firedMs.length)).toEqual([1, 1, 1, 1, 1]);
    expect(timers.thrown).toEqual([fault, fault, fault]);
    timers.advance(60_000);
    expect(far.firedMs.length).toBe(1);
  });

  test('tells the time at most a tick late while entries come and go', () => {
    const { timers, clock } = setUp();
    for (let i = 0; i < 200; i++) {
      expect(clock.now()).toBeGreaterThanOrEqual(timers.nowMs - 4);
      expect(clock.now()).toBeLessThanOrEqual(timers.nowMs);
      timers.advance(3);
    }
  });

  test('never fires early, however entries come and go and the event loop is kept busy', () => {
    const step = fc.oneof(
      fc.record({ add: fc.constantFrom(1, 5, 50, 50.5, 120) }),
      fc.record({ advance: fc.double({ min: 0, max: 60, noNaN: true }) }),
      fc.record({ block: fc.double({ min: 0, max: 300, noNaN: true }) }),
      fc.record({ remove: fc.nat() }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { timers, clock } = setUp();
        const waits: { entry: Entry; addedMs: number; delayMs: number; removed: boolean }[] = [];
        for (const one of steps) {
          if ('add' in one) {
            const entry = new Entry(timers);
            const wait = { entry, addedMs: timers.nowMs, delayMs: one.add, removed: false };
            waits.push(wait);
            clock.lane(one.add).add(entry);
          } else if ('advance' in one) timers.advance(one.advance);
          else if ('block' in one) timers.block(one.block);
          else {
            const wait = waits[one.remove % Math.max(1, waits.length)];
            if (wait === undefined) continue;
            clock.remove(wait.entry);
            wait.removed = true;
          }
        }
        timers.advance(1_000);
        for (const { entry, addedMs, delayMs, removed } of waits) {
          if (!removed) expect(entry.firedMs.length).toBe(1);
          for (const firedMs of entry.firedMs) {
            expect(firedMs - addedMs).toBeGreaterThanOrEqual(delayMs);
          }
        }
      }),
      { numRuns: 400 },
    );
  });
});

describe('the shared clock', () => {
  function setUp(): { timers: FakeTimers; clock: SharedBeatClock } {
    const timers = new FakeTimers();
    return { timers, clock: new SharedBeatClock(timers) };
  }

  test('sets one timer for ten thousand entries', () => {
    const { timers, clock } = setUp();
    const lane = clock.lane(8_000);
    for (let i = 0; i < 10_000; i++) lane.add(new Entry(timers));
    expect(timers.pending).toBe(1);
    expect(timers.count).toBe(1);
  });

  test('sleeps until the next entry is due', () => {
    const { timers, clock } = setUp();
    clock.lane(8_000).add(new Entry(timers));
    timers.advance(7_990);
    expect(timers.count).toBeLessThanOrEqual(3);
    expect(timers.pending).toBe(1);
  });

  test('has no timer while it is empty', () => {
    const { timers, clock } = setUp();
    expect(timers.count).toBe(0);
    const entry = new Entry(timers);
    clock.lane(100).add(entry);
    timers.advance(1_000);
    expect(timers.pending).toBe(0);
    clock.lane(100).add(entry);
    clock.remove(entry);
    timers.advance(1_000);
    expect(timers.pending).toBe(0);
    const { count } = timers;
    timers.advance(1_000_000);
    expect(timers.count).toBe(count);
  });

  test('sets no more timers than ticks while responses come and go', () => {
    const { timers, clock } = setUp();
    const lane = clock.lane(8_000);
    for (let ms = 0; ms < 1_000; ms++) {
      for (let i = 0; i < 20; i++) {
        const entry = new Entry(timers);
        lane.add(entry);
        clock.remove(entry);
      }
      timers.advance(1);
    }
    expect(timers.count).toBeLessThanOrEqual(600);
  });

  test('fires 256 entries in one tick at most, and the rest in the next ones', () => {
    const { timers, clock } = setUp();
    const counts = new Map<number, number>();
    const note = (): void => {
      counts.set(timers.nowMs, (counts.get(timers.nowMs) ?? 0) + 1);
    };
    for (const delayMs of [100, 101]) {
      for (let i = 0; i < 1_000; i++) clock.lane(delayMs).add(new Entry(timers, note));
    }
    timers.advance(200);
    expect([...counts.values()].reduce((sum, count) => sum + count, 0)).toBe(2_000);
    expect(Math.max(...counts.values())).toBe(256);
    expect([...counts.keys()].at(-1)).toBeLessThanOrEqual(120);
  });

  test('wakes for an entry that is due before the one it sleeps for', () => {
    const { timers, clock } = setUp();
    clock.lane(60_000).add(new Entry(timers));
    timers.advance(1_000);
    const soon = new Entry(timers);
    clock.lane(50).add(soon);
    timers.advance(50 + LATE_MS);
    expect(soon.firedMs.length).toBe(1);
  });

  test('goes on after it slept for days', () => {
    const { timers, clock } = setUp();
    timers.advance(3 * 86_400_000);
    const entry = new Entry(timers);
    clock.lane(8_000).add(entry);
    timers.advance(8_000 + LATE_MS);
    expect(entry.firedMs.length).toBe(1);
  });
});

test('a lane that is always due does not starve the others', () => {
  const timers = new FakeTimers();
  const clock = new SharedBeatClock(timers);
  const crowded = clock.lane(1);
  for (let i = 0; i < 5_000; i += 1) {
    const entry: Entry = new Entry(timers, () => crowded.add(entry));
    crowded.add(entry);
  }
  const other = new Entry(timers);
  clock.lane(100).add(other);
  timers.advance(150);
  expect(other.firedMs).toHaveLength(1);
});
