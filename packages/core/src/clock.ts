/** A place in the clock. Whoever waits extends this, so that waiting costs no object of its own. */
export abstract class ClockEntry {
  /** Neighbours in the lane; `undefined` while nothing is awaited. */
  next: ClockEntry | undefined = undefined;
  previous: ClockEntry | undefined = undefined;
  /** When `fire` is due, in milliseconds of the clock. */
  dueMs = 0;
  /** The timer, where every entry has one of its own. */
  timer: unknown = undefined;

  /** Called once, when due. The entry has left its lane by then. */
  abstract fire(nowMs: number): void;
}

/** The runtime's timers, handed in so that tests can turn time and adapters can unref. */
export interface Timers {
  /** Monotonic milliseconds. */
  now(): number;
  /** Must not keep the process alive and must not run in the async context of the caller. */
  set(callback: () => void, delayMs: number): unknown;
  clear(handle: unknown): void;
}

/** All entries that wait for the same delay. */
export interface Lane {
  readonly delayMs: number;
  /** Wait for `delayMs` from now. The entry must not be waiting. */
  add(entry: ClockEntry): void;
}

export interface BeatClock {
  /** Monotonic milliseconds, coarse: at most one tick behind while entries come and go. */
  now(): number;
  /** The lane of a delay. Keep it: looking it up costs more than using it. */
  lane(delayMs: number): Lane;
  /** Stop waiting. Nothing happens if the entry does not wait. */
  remove(entry: ClockEntry): void;
}

/** How often the shared clock looks while entries come and go. */
const TICK_MS = 4;
/** How soon it goes on after a tick that had more to do than one tick may. */
const CROWDED_TICK_MS = 1;
/**
 * How many entries one tick fires. It bounds how long the event loop is kept busy when thousands are
 * due at once, and spreads them, since each is due again one interval after it really fired.
 */
const ENTRIES_PER_TICK = 256;

/**
 * One timer for all. A delay is a lane, a linked list in order of due time, because all its entries
 * wait equally long: adding is appending, removing is unlinking, and neither allocates.
 *
 * Reading the time costs more than the list does, so it is read once a tick. An entry that comes
 * between two ticks is stamped with the older one, which a busy event loop may have left far behind,
 * and corrected at the next: nothing ever fires early. While nothing comes or goes the clock sleeps
 * until the next entry is due.
 *
 * Times are whole milliseconds, because V8 keeps those in place and allocates for all others.
 */
export class SharedBeatClock implements BeatClock {
  readonly #timers: Timers;
  readonly #lanes = new Map<number, SharedLane>();
  #busyLanes: SharedLane[] = [];
  /** Which lane comes first. It changes, so that a crowded one does not starve the others. */
  #turn = 0;
  /** The time of the last tick, rounded up: an entry waits from here. */
  #stampMs = 0;
  #timer: unknown;
  /** `#stampMs` may be relied on, since the tick timer is running. */
  #ticking = false;
  /** Entries that come now get the time as it is, not that of the last tick. */
  #inTick = false;
  /** An entry came since the last tick. */
  #used = false;
  readonly #onTick = (): void => this.#tick();

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  now(): number {
    this.#used = true;
    return this.#ticking ? this.#stampMs : this.#wake();
  }

  lane(delayMs: number): Lane {
    let lane = this.#lanes.get(delayMs);
    if (lane === undefined) {
      lane = new SharedLane(this, delayMs);
      this.#lanes.set(delayMs, lane);
    }
    return lane;
  }

  remove(entry: ClockEntry): void {
    const { next, previous } = entry;
    if (next === undefined || previous === undefined) return;
    previous.next = next;
    next.previous = previous;
    entry.next = undefined;
    entry.previous = undefined;
  }

  /** A lane has its first entry: look at it in every tick from now on. */
  keep(lane: SharedLane): void {
    this.#busyLanes.push(lane);
  }

  /** Whether an entry that comes now is stamped with the time as it is. */
  get inTick(): boolean {
    return this.#inTick;
  }

  #wake(): number {
    this.#stampMs = Math.ceil(this.#timers.now());
    this.#ticking = true;
    this.#schedule(TICK_MS);
    return this.#stampMs;
  }

  #schedule(delayMs: number): void {
    if (this.#timer !== undefined) this.#timers.clear(this.#timer);
    this.#timer = this.#timers.set(this.#onTick, delayMs);
  }

  #tick(): void {
    this.#timer = undefined;
    const time = this.#timers.now();
    const nowMs = Math.floor(time);
    const oldStampMs = this.#stampMs;
    this.#stampMs = Math.ceil(time);
    this.#ticking = true;
    this.#inTick = true;
    this.#used = false;
    for (const lane of this.#busyLanes) lane.correct(oldStampMs, this.#stampMs);
    let left = ENTRIES_PER_TICK;
    let nextDueMs = Number.POSITIVE_INFINITY;
    let allSeen = false;
    const lanes = this.#busyLanes;
    const count = lanes.length;
    if (count > 0) this.#turn = (this.#turn + 1) % count;
    try {
      for (let i = 0; i < count; i += 1) {
        const lane = lanes[(i + this.#turn) % count] as SharedLane;
        let head = lane.head();
        while (head !== undefined && head.dueMs <= nowMs && left > 0) {
          left -= 1;
          this.remove(head);
          head.fire(nowMs);
          head = lane.head();
        }
        if (head !== undefined && head.dueMs < nextDueMs) nextDueMs = head.dueMs;
      }
      allSeen = true;
    } finally {
      this.#inTick = false;
      this.#forgetEmptyLanes();
      if (left === 0) {
        this.#schedule(CROWDED_TICK_MS);
      } else if (this.#used || !allSeen) {
        // An entry that threw leaves the next due time unknown.
        this.#schedule(TICK_MS);
      } else {
        this.#ticking = false;
        if (this.#busyLanes.length > 0) {
          this.#schedule(Math.max(1, Math.ceil(nextDueMs - time)));
        }
      }
    }
  }

  #forgetEmptyLanes(): void {
    const lanes = this.#busyLanes;
    if (lanes.every((lane) => lane.head() !== undefined)) return;
    this.#busyLanes = lanes.filter((lane) => lane.head() !== undefined);
    for (const lane of lanes) lane.kept = lane.head() !== undefined;
  }
}

/** The ring of a lane starts and ends at an entry that never fires. */
class RingEnd extends ClockEntry {
  override fire(): void {}
}

class SharedLane implements Lane {
  readonly delayMs: number;
  /** The clock looks at this lane. */
  kept = false;
  /** How many entries have come since the last tick, at most. */
  #fresh = 0;
  readonly #clock: SharedBeatClock;
  readonly #end: ClockEntry = new RingEnd();

  constructor(clock: SharedBeatClock, delayMs: number) {
    this.#clock = clock;
    this.delayMs = Math.ceil(delayMs);
    this.#end.next = this.#end;
    this.#end.previous = this.#end;
  }

  head(): ClockEntry | undefined {
    const head = this.#end.next;
    return head === this.#end ? undefined : head;
  }

  /** Entries that came since the last tick have waited since now at the latest. */
  correct(oldStampMs: number, stampMs: number): void {
    const dueMs = stampMs + this.delayMs;
    const wrongMs = oldStampMs + this.delayMs;
    let entry = this.#end.previous;
    for (; this.#fresh > 0 && entry !== undefined && entry.dueMs === wrongMs; this.#fresh--) {
      entry.dueMs = dueMs;
      entry = entry.previous;
    }
    this.#fresh = 0;
  }

  add(entry: ClockEntry): void {
    entry.dueMs = this.#clock.now() + this.delayMs;
    if (!this.#clock.inTick) this.#fresh += 1;
    const end = this.#end;
    const last = end.previous as ClockEntry;
    last.next = entry;
    entry.previous = last;
    entry.next = end;
    end.previous = entry;
    if (!this.kept) {
      this.kept = true;
      this.#clock.keep(this);
    }
  }
}

/**
 * A timer for every entry: for runtimes where one request may not act for another (Workers refuse
 * I/O on behalf of a different request).
 */
export class SeparateBeatClock implements BeatClock {
  readonly #timers: Timers;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  now(): number {
    return this.#timers.now();
  }

  lane(delayMs: number): Lane {
    const timers = this.#timers;
    return {
      delayMs,
      add(entry) {
        entry.dueMs = timers.now() + delayMs;
        entry.timer = timers.set(() => {
          entry.timer = undefined;
          entry.fire(timers.now());
        }, delayMs);
      },
    };
  }

  remove(entry: ClockEntry): void {
    if (entry.timer === undefined) return;
    this.#timers.clear(entry.timer);
    entry.timer = undefined;
  }
}
