import { afterEach, describe, expect, test, vi } from 'vitest';
import { ask, gate, KEY, problemOf, quiet, serve } from './support/desk.js';
import { never, watch, world } from './support/world.js';

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a store that forgets a run while its work goes on', () => {
  test('lets nobody who waits for it be told that there was none', async () => {
    quiet();
    const { clock, runs, table } = world();
    const forget = table.snapshot();
    const go = gate();
    const first = watch(
      serve(runs, ask({ key: KEY }), async () => {
        await go.opened;
        return Response.json('done');
      }),
    );
    const joined = watch(serve(runs, ask({ key: KEY }), never));
    await clock.pass(100);
    const [run] = await runs.list('ann');
    const result = watch(
      runs.fetch(ask({ method: 'GET', url: `http://test.example/runs/${run?.id}/result` })),
    );
    await clock.pass(100);
    forget();
    await clock.pass(6_000);
    for (const { value } of [first, joined, result]) {
      expect(value && (await problemOf(value))).toMatchObject({
        status: 500,
        code: 'lost',
        run: run?.id,
      });
    }
    go.open();
  });
});

describe('a run that there was no room for', () => {
  test('says to who had joined it that nothing was begun', async () => {
    const { clock, runs, net } = world({ maxRunning: 1 });
    const go = gate();
    const work = async () => {
      await go.opened;
      return new Response('done');
    };
    const first = watch(serve(runs, ask({ key: 'a' }), work));
    await clock.pass(100);
    net.fate = (method) => (method === 'settle' ? 'unsent' : 'pass');
    const refused = watch(serve(runs, ask({ key: KEY }), never));
    await clock.pass(100);
    const joined = watch(serve(runs, ask({ key: KEY }), never));
    await clock.pass(100);
    net.fate = () => 'pass';
    await clock.pass(6_000);
    expect(refused.value?.status).toBe(429);
    expect(joined.value && (await problemOf(joined.value))).toMatchObject({
      status: 503,
      code: 'not_started',
    });
    go.open();
    await clock.pass(100);
    expect(await first.value?.text()).toBe('done');
  });
});
