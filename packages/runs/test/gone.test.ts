import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Work } from '../src/serve/work.js';
import {
  type Answer,
  ask,
  gate,
  KEY,
  openRuns,
  problemOf,
  quiet,
  runOf,
  serve,
} from './support/desk.js';
import { never, watch, world } from './support/world.js';

afterEach(() => {
  vi.restoreAllMocks();
});

const SECRET = 'a secret of 16 bytes';

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
  test.each([
    ['another is at work', 429],
    ['the process shuts down', 503],
  ])('is as it was before, so that its attempts are counted on: %s', async (_, status) => {
    const { clock, runs, store, runtime } = world({ maxRunning: 1, secret: SECRET });
    const go = gate();
    const attempts: (number | undefined)[] = [];
    const work: Work<Answer> = async (_request, { attempt }) => {
      attempts.push(attempt);
      return new Response('not now', { status: 503 });
    };
    const first = watch(serve(runs, ask({ key: KEY }), work));
    await clock.pass(100);
    const place = `/runs/${first.value && runOf(first.value)}`;
    if (status === 429) {
      const other = async () => {
        await go.opened;
        return new Response('done');
      };
      void serve(runs, ask({ key: 'another' }), other);
    } else {
      void runs.drain();
    }
    await clock.pass(100);
    const refused = watch(serve(runs, ask({ key: KEY }), never));
    const still = watch(runs.fetch(ask({ method: 'GET', url: `http://test.example${place}` })));
    await clock.pass(100);
    expect(refused.value?.status).toBe(status);
    expect(await still.value?.json()).toMatchObject({ state: 'released', attempt: 1 });
    go.open();
    await clock.pass(100);
    const next = status === 429 ? runs : openRuns({ store, secret: SECRET }, runtime);
    const again = watch(serve(next, ask({ key: KEY }), work));
    await clock.pass(100);
    expect(again.value && runOf(again.value)).toBe(first.value && runOf(first.value));
    expect(attempts).toEqual([1, 2]);
  });

  test('whose place was taken while the store was asked is counted and kept, too', async () => {
    const { clock, runs, net } = world({ maxRunning: 1 });
    const attempts: (number | undefined)[] = [];
    const work: Work<Answer> = async (_request, { attempt }) => {
      attempts.push(attempt);
      return new Response('not now', { status: 503 });
    };
    await Promise.all([serve(runs, ask({ key: KEY }), work), clock.pass(100)]);
    net.fate = (method) => (method === 'claim' ? 'unsent' : 'pass');
    const go = gate();
    // Both find room, and one of them takes it.
    const other = watch(
      serve(runs, ask({ key: 'another' }), async () => {
        await go.opened;
        return new Response('done');
      }),
    );
    await clock.pass(10);
    const refused = watch(serve(runs, ask({ key: KEY }), work));
    await clock.pass(10);
    net.fate = () => 'pass';
    await clock.pass(500);
    expect(refused.value?.status).toBe(429);
    go.open();
    await clock.pass(100);
    expect(other.value?.status).toBe(200);
    await Promise.all([serve(runs, ask({ key: KEY }), work), clock.pass(100)]);
    expect(attempts).toEqual([1, 3]);
  });

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
