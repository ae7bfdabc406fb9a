import type { Cursor } from '../../src/cursor.js';
import { RunError } from '../../src/errors.js';
import { insist } from '../../src/insist.js';
import { resolveOwnerOptions } from '../../src/owner/options.js';
import { RunWriter } from '../../src/owner/writer.js';
import { newEpoch, newRunId } from '../../src/run-id.js';
import type { RunRecord, RunStore } from '../../src/store.js';
import { systemRandom } from '../../src/timers.js';
import type { WatchItem } from '../../src/watch/batch.js';
import { RunFeeds } from '../../src/watch/feeds.js';
import { FakeClock } from './clock.js';
import { behind, type Fate } from './faulty.js';
import { chunk, textOf } from './owner.js';
import { openMemory } from './store.js';

/** One start of a handler, as somebody outside the system would note it. */
export interface Start {
  readonly key: number;
  readonly record: RunRecord;
  readonly writer: RunWriter;
  readonly node: Node;
  readonly written: string[];
  ended: 'completed' | 'released' | undefined;
}

/** One watcher, and all that it was given. */
export interface Watch {
  readonly run: string;
  readonly from: Cursor | undefined;
  readonly items: WatchItem[];
  how: string;
}

interface Node {
  alive: boolean;
  readonly death: AbortController;
  readonly store: RunStore;
  readonly feeds: RunFeeds;
}

const SETTINGS = resolveOwnerOptions({ retentionMs: 10_000_000, windowBytes: 64 });

/** Some processes, one store, a bad network between, and an auditor's notebook. */
export class Town {
  readonly clock = new FakeClock();
  readonly starts: Start[] = [];
  readonly watches: Watch[] = [];
  /** Which process asked for which epoch. */
  readonly claims = new Map<string, { alive: boolean }>();
  readonly memory = openMemory(this.clock.now, 10_000, 1e9);
  /** Chance of 256 that a call to the store goes wrong. */
  badness = 0;
  rolledBack = false;
  #nodes: Node[];
  #seed: number;
  #lastOutageEndsAt = 0;

  constructor(seed: number) {
    this.#seed = seed;
    this.#nodes = [0, 1, 2].map(() => this.#boot());
  }

  /** A request with a key comes to a node. */
  request(at: number, key: number): void {
    const node = this.#node(at);
    void this.#claim(node, key).catch(() => {});
  }

  /** Some handler writes, or ends. */
  work(which: number, how: number): void {
    const working = this.starts.filter((start) => start.node.alive && start.ended === undefined);
    const start = working[which % Math.max(1, working.length)];
    if (start === undefined || start.writer.signal.aborted) return;
    if (how < 200) {
      for (let i = 0; i < (how % 7) + 1; i += 1) {
        const text = `${start.record.fence.epoch} ${start.written.length}`;
        start.written.push(text);
        start.writer.write(chunk(text));
      }
      return;
    }
    start.ended = how % 2 === 0 ? 'completed' : 'released';
    void start.writer.end({ state: start.ended, status: 200 });
  }

  /** Somebody watches a run, from the start or from where another watcher was. */
  watch(at: number, which: number, resume: boolean): void {
    const node = this.#node(at);
    const start = this.starts[which % Math.max(1, this.starts.length)];
    if (start === undefined) return;
    const earlier = this.watches[which % Math.max(1, this.watches.length)];
    const place = resume ? earlier?.items.at(-1) : undefined;
    const from = place?.kind === 'entry' ? place.cursor : undefined;
    const watch: Watch = { run: from?.run ?? start.record.run, from, items: [], how: 'waiting' };
    this.watches.push(watch);
    void this.#follow(node, watch);
  }

  async cancel(which: number): Promise<void> {
    const start = this.starts[which % Math.max(1, this.starts.length)];
    if (start === undefined) return;
    const { run, fence } = start.record;
    await this.memory.store.requestCancel(run, fence.epoch);
  }

  /** A process is killed: it says and hears nothing more. Another takes its place. */
  crash(at: number): void {
    const node = this.#node(at);
    node.alive = false;
    node.death.abort();
    this.#nodes = this.#nodes.map((one) => (one === node ? this.#boot() : one));
  }

  /** Shorter than lease, grace and patience, and never two in a row. */
  outage(badness: number, ms: number): void {
    if (this.clock.now() < this.#lastOutageEndsAt + 8_000) return;
    const lengthMs = ms % 8_000;
    this.badness = badness;
    this.#lastOutageEndsAt = this.clock.now() + lengthMs;
    this.clock.set(() => {
      this.badness = 0;
    }, lengthMs);
  }

  /** The store crashes and comes back as it was a while ago. */
  rollback(ms: number): void {
    const restore = this.memory.table.snapshot();
    this.clock.set(() => {
      this.rolledBack = true;
      restore();
    }, ms % 3_000);
  }

  async #claim(node: Node, key: number): Promise<void> {
    const claimedAt = this.clock.now();
    const request = {
      run: newRunId(String(key).padEnd(22, 'k'), systemRandom, 'test'),
      epoch: newEpoch(systemRandom),
      principal: 'somebody',
      route: 'r',
      fingerprint: 'f',
      leaseMs: SETTINGS.leaseMs,
      graceMs: SETTINGS.graceMs,
      retentionMs: SETTINGS.retentionMs,
      restart: ['released'] as const,
    };
    this.claims.set(request.epoch, node);
    const patience = {
      operation: 'claim' as const,
      timers: this.clock,
      awayMs: 20_000,
      signal: node.death.signal,
    };
    const answer = await insist(() => node.store.claim(request), patience);
    if (answer.outcome !== 'started' || !node.alive) return;
    const { record } = answer;
    const writer = new RunWriter(node.store, record, claimedAt, SETTINGS, this.clock);
    this.starts.push({ key, record, writer, node, written: [], ended: undefined });
  }

  async #follow(node: Node, watch: Watch): Promise<void> {
    const { signal } = node.death;
    try {
      for await (const item of node.feeds.watch(watch.run, { cursor: watch.from, signal })) {
        watch.items.push(item);
        // Some read slowly.
        if (this.#random() < 20) await new Promise<void>((go) => this.clock.set(go, 700));
      }
      watch.how = signal.aborted ? 'killed' : 'ended';
    } catch (error) {
      watch.how = error instanceof RunError ? error.code : String(error);
    }
  }

  #boot(): Node {
    const node = { alive: true, death: new AbortController() };
    const store = behind(this.memory.store, () => (node.alive ? this.#fate() : 'hang'));
    const feeds = new RunFeeds(store, { pageEntries: 5, pageBytes: 200 }, this.clock);
    return Object.assign(node, { store, feeds });
  }

  #fate(): Fate {
    if (this.#random() >= this.badness) return 'pass';
    return (['unsent', 'unanswered', 'hang'] as const)[this.#random() % 3] ?? 'pass';
  }

  #node(at: number): Node {
    const node = this.#nodes[at % this.#nodes.length];
    if (node === undefined) throw new Error('no node');
    return node;
  }

  /** 0 to 255, the same for the same seed (mulberry32). */
  #random(): number {
    this.#seed = (this.#seed + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#seed ^ (this.#seed >>> 15), 1 | this.#seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) & 255;
  }
}

/** The entries that a watcher was given, as text. */
export function entriesOf(watch: Watch) {
  return watch.items.flatMap((item) =>
    item.kind === 'entry' ? [{ ...item, text: textOf(item.entry) }] : [],
  );
}
