import { describe, expect, test } from 'vitest';
import { DELIVERY_GRACE_MS } from '../src/attach/deliveries.js';
import {
  ask,
  blocksOf,
  eventStream,
  gate,
  KEY,
  openRuns,
  problemOf,
  runOf,
  serve,
} from './support/desk.js';
import { openMemory } from './support/store.js';
import { never, watch, world } from './support/world.js';

describe('retention', () => {
  test('0 keeps the output for a while after each delivery, and does not start again', async () => {
    const { clock, runs } = world({ retentionMs: 0 });
    const ended = async (work: () => Response) => {
      const seen = watch(serve(runs, ask({ key: KEY }), work));
      await clock.pass(10);
      return seen.value ?? new Response();
    };
    expect(await (await ended(() => new Response('once'))).text()).toBe('once');
    await clock.pass(DELIVERY_GRACE_MS - 1_000);
    // A client that did not get it after all: its own delivery counts from now.
    expect(await (await ended(never)).text()).toBe('once');
    await clock.pass(2_000);
    expect(await (await ended(never)).text()).toBe('once');
    await clock.pass(DELIVERY_GRACE_MS - 3_000);
    expect((await ended(never)).status).toBe(200);
  });

  test('0 keeps nothing after that, and still does not start again at once', async () => {
    const { clock, runs } = world({ retentionMs: 0 });
    const seen = watch(serve(runs, ask({ key: KEY }), () => new Response('once')));
    await clock.pass(DELIVERY_GRACE_MS + 100);
    expect(seen.value?.status).toBe(200);
    const again = watch(serve(runs, ask({ key: KEY }), never));
    await clock.pass(10);
    expect(again.value?.status).toBe(410);
    expect(again.value && (await problemOf(again.value)).code).toBe('purged');
  });

  test('0 lets a client come back whose connection fell just before the end', async () => {
    const runs = openRuns({ retentionMs: 0 });
    const answer = await serve(runs, ask({ key: KEY }), () => eventStream(['data: 1\n\n']));
    const all = blocksOf(await answer.text());
    await new Promise((resolve) => setTimeout(resolve, 20));
    const back = (id = '') =>
      runs.fetch(
        ask({
          method: 'GET',
          url: `http://test.example/runs/${runOf(answer)}/events`,
          headers: { 'last-event-id': id },
        }),
      );
    const rest = await back(all.at(-2)?.id);
    expect(blocksOf(await rest.text()).at(-1)?.id).toBe(all.at(-1)?.id);
    expect((await back(all.at(-1)?.id)).status).toBe(204);
  });

  test('0 takes nothing away from a slow reader of another process', async () => {
    const { store } = openMemory(() => performance.now(), 1_000, 1e8);
    const options = { retentionMs: 0, store, secret: 'the same in both of them' };
    const [one, two] = [openRuns(options), openRuns(options)];
    const texts = Array.from({ length: 2_000 }, (_, i) => `data: ${i} ${'.'.repeat(300)}\n\n`);
    const fast = await serve(one, ask({ key: KEY }), () => eventStream(texts));
    const slow = await serve(two, ask({ key: KEY }), never);
    expect(blocksOf(await fast.text())).toHaveLength(2_002);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(blocksOf(await slow.text())).toHaveLength(2_002);
  });

  test('0 keeps what nobody has got yet', async () => {
    const runs = openRuns({ retentionMs: 0 });
    const left = new AbortController();
    const go = gate();
    const first = serve(runs, ask({ key: KEY, signal: left.signal }), async () => {
      await go.opened;
      return new Response('late');
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    left.abort();
    await first;
    go.open();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await (await serve(runs, ask({ key: KEY }), never)).text()).toBe('late');
  });

  test('0 gives everybody who waited the whole', async () => {
    const runs = openRuns({ retentionMs: 0 });
    const go = gate();
    const work = async () => {
      await go.opened;
      const headers = { 'content-type': 'text/event-stream' };
      return new Response('data: 1\n\ndata: 2\n\n', { headers });
    };
    const asked = [1, 2, 3].map(() => serve(runs, ask({ key: KEY }), work));
    await new Promise((resolve) => setTimeout(resolve, 20));
    go.open();
    for (const answer of await Promise.all(asked)) {
      const data = blocksOf(await answer.text()).map((block) => block.data);
      expect(data).toEqual([undefined, '1', '2', undefined]);
    }
  });

  test('0 takes nothing away from one who reads slowly', async () => {
    const runs = openRuns({ retentionMs: 0 });
    const texts = Array.from({ length: 2_000 }, (_, i) => `data: ${i} ${'.'.repeat(300)}\n\n`);
    const slow = await serve(runs, ask({ key: KEY }), () => eventStream(texts));
    const fast = await serve(runs, ask({ key: KEY }), never);
    expect(blocksOf(await fast.text())).toHaveLength(2_002);
    expect(blocksOf(await slow.text())).toHaveLength(2_002);
  });

  test('0 waits with the removal for one who still reads', async () => {
    const { clock, runs } = world({ retentionMs: 0 });
    const texts = Array.from({ length: 2_000 }, (_, i) => `data: ${i} ${'.'.repeat(300)}\n\n`);
    const slow = watch(serve(runs, ask({ key: KEY }), () => eventStream(texts)));
    await clock.pass(10);
    const fast = watch(serve(runs, ask({ key: KEY }), never));
    await clock.pass(10);
    expect(blocksOf((await fast.value?.text()) ?? '')).toHaveLength(2_002);
    await clock.pass(DELIVERY_GRACE_MS + 1_000);
    expect(blocksOf((await slow.value?.text()) ?? '')).toHaveLength(2_002);
  });

  test('over, the key is free', async () => {
    const { clock, runs } = world({ retentionMs: 60_000 });
    let starts = 0;
    const work = () => new Response(String(++starts));
    const text = async () => {
      const seen = watch(serve(runs, ask({ key: KEY }), work));
      await clock.pass(10);
      return seen.value?.text();
    };
    expect(await text()).toBe('1');
    await clock.pass(59_000);
    expect(await text()).toBe('1');
    await clock.pass(2_000);
    expect(await text()).toBe('2');
  });
});
