import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import type { RunsRuntime } from '../src/context.js';
import { createRuns, type Runs } from '../src/runs.js';
import { systemRandom } from '../src/timers.js';
import { ask, blocksOf, byHeader, quiet } from './support/desk.js';
import { behind, type Fate } from './support/faulty.js';
import { SlowClock } from './support/slow-clock.js';
import { openMemory } from './support/store.js';

afterEach(() => {
  vi.restoreAllMocks();
});

const KEYS = ['one', 'two', 'three'];
const EVENTS = 12;

/** What a client has of a run, over all its connections. */
interface Client {
  readonly key: string;
  readonly patienceMs: number;
  /** Data by the start that it is of: a run that is started anew begins anew. */
  readonly seen: string[];
  id: string | undefined;
  end: 'completed' | 'told' | undefined;
}

/** Some clients, two processes, one store, a bad network between. */
class Street {
  readonly clock = new SlowClock();
  readonly starts = new Map<string, number>();
  readonly clients: Client[] = [];
  badness = 0;
  readonly #nodes: Runs[];
  #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
    const { store } = openMemory(this.clock.now, 1_000, 1e8);
    const runtime: RunsRuntime = { timers: this.clock, random: systemRandom, now: this.clock.now };
    this.#nodes = [0, 1].map(() =>
      createRuns(
        {
          authorize: byHeader,
          store: behind(store, () => this.#fate()),
          secret: 'a secret of 16 bytes',
          sweepIntervalMs: 2_000_000,
          retentionMs: 10_000_000,
        },
        runtime,
      ),
    );
  }

  arrive(key: string, patienceMs: number): void {
    const client: Client = { key, patienceMs, seen: [], id: undefined, end: undefined };
    this.clients.push(client);
    void this.#live(client);
  }

  /** Comes back until it has seen an end. */
  async #live(client: Client): Promise<void> {
    while (client.end === undefined) {
      const left = new AbortController();
      const timer = this.clock.set(() => left.abort(), client.patienceMs);
      const headers: Record<string, string> =
        client.id === undefined ? {} : { 'last-event-id': client.id };
      const request = ask({ key: client.key, headers, signal: left.signal });
      const node = this.#nodes[this.#random() % 2];
      const answer = await node?.serve(request, () => this.#work(client.key));
      if (answer !== undefined) await this.#read(client, answer);
      this.clock.clear(timer);
      await new Promise<void>((resolve) => this.clock.set(resolve, 100));
    }
  }

  async #read(client: Client, answer: Response): Promise<void> {
    if (answer.status === 204) client.end = 'completed';
    else if (answer.status !== 200 && answer.status !== 499 && answer.status !== 503) {
      client.end = 'told';
    }
    if (answer.status !== 200) return;
    const reader = answer.body?.getReader();
    let text = '';
    for (;;) {
      const chunk = await reader?.read();
      if (chunk?.value === undefined) break;
      text += new TextDecoder().decode(chunk.value);
      // A client may fall between two events as well as within one.
      if (this.#random() < 12) {
        await reader?.cancel();
        break;
      }
    }
    for (const { id, data, event } of blocksOf(text)) {
      client.id = id ?? client.id;
      if (event === 'error') client.end = 'told';
      else if (data !== undefined) client.seen.push(data);
    }
  }

  #work(key: string): Response {
    this.starts.set(key, (this.starts.get(key) ?? 0) + 1);
    let written = 0;
    const body = new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        await new Promise<void>((resolve) => this.clock.set(resolve, this.#random() * 5));
        written += 1;
        if (written > EVENTS) controller.close();
        else controller.enqueue(new TextEncoder().encode(`data: ${key} ${written}\n\n`));
      },
    });
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  }

  #fate(): Fate {
    if (this.#random() >= this.badness) return 'pass';
    return (['unsent', 'unanswered', 'hang'] as const)[this.#random() % 3] ?? 'pass';
  }

  /** 0 to 255, the same for the same seed (mulberry32). */
  #random(): number {
    this.#seed = (this.#seed + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#seed ^ (this.#seed >>> 15), 1 | this.#seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) & 255;
  }
}

test('clients come and go over a bad network: each work starts once, each event arrives once', async () => {
  quiet();
  let completed = 0;
  let told = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.integer(),
      fc.array(
        fc.record({
          key: fc.constantFrom(...KEYS),
          patienceMs: fc.integer({ min: 500, max: 20_000 }),
          waitMs: fc.integer({ min: 0, max: 9_000 }),
          badness: fc.constantFrom(0, 40, 120, 220),
        }),
        { minLength: 2, maxLength: 8 },
      ),
      async (seed, arrivals) => {
        const street = new Street(seed);
        for (const { key, patienceMs, waitMs, badness } of arrivals) {
          street.arrive(key, patienceMs);
          street.badness = badness;
          await street.clock.pass(waitMs);
        }
        street.badness = 0;
        for (let i = 0; i < 40 && street.clients.some(({ end }) => end === undefined); i += 1) {
          await street.clock.pass(5_000);
        }
        for (const { key, seen, end } of street.clients) {
          expect(end).toBeDefined();
          expect(street.starts.get(key) ?? 0).toBeLessThanOrEqual(1);
          const all = Array.from({ length: EVENTS }, (_, i) => `${key} ${i + 1}`);
          expect(seen).toEqual(end === 'completed' ? all : all.slice(0, seen.length));
          if (end === 'completed') completed += 1;
          else told += 1;
        }
      },
    ),
    { numRuns: 40 },
  );
  // Mostly it ends well.
  expect(completed).toBeGreaterThan(told);
}, 240_000);
