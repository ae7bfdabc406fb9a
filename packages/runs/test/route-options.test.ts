import { holdOpen } from '@holdopen/fetch';
import { afterEach, describe, expect, expectTypeOf, test, vi } from 'vitest';
import type { RunsRuntime } from '../src/context.js';
import { RunError } from '../src/errors.js';
import type { RouteRunsOptions } from '../src/route-options.js';
import { systemRandom } from '../src/timers.js';
import { ask, gate, KEY, openRuns, problemOf, runOf } from './support/desk.js';
import { behind, type Fate } from './support/faulty.js';
import { SlowClock } from './support/slow-clock.js';
import { openMemory } from './support/store.js';
import { watch } from './support/world.js';

afterEach(() => {
  vi.restoreAllMocks();
});

describe('runs for one route', () => {
  test('have keys of their own, and are found where all runs are', async () => {
    const runs = openRuns();
    const jobs = runs.forRoute({ keyHeader: 'X-Job', methods: ['PUT'] });
    let starts = 0;
    const handler = holdOpen(() => Response.json(++starts), { runs: jobs });
    const job = () => ask({ method: 'PUT', headers: { 'x-job': 'j1' } });
    const first = (await handler(job())) as Response;
    const again = (await handler(job())) as Response;
    expect([await first.json(), await again.json()]).toEqual([1, 1]);
    expect(first.headers.get('vary')).toContain('X-Job');
    const status = ask({ method: 'GET', url: `http://test.example/runs/${runOf(first)}` });
    expect(await (await runs.fetch(status)).json()).toMatchObject({ state: 'completed' });
    // The key of all others counts for nothing here, and theirs goes on as before.
    expect(await ((await handler(ask({ key: KEY }))) as Response).json()).toBe(2);
    const other = await runs.serve(ask({ key: KEY }), () => Response.json('others'));
    expect([await other.json(), other.headers.has('link')]).toEqual(['others', true]);
  });

  test('start lost work again where the route says so, and only there', async () => {
    const clock = new SlowClock();
    const { store } = openMemory(clock.now);
    const runtime: RunsRuntime = { timers: clock, random: systemRandom, now: () => clock.now() };
    const net: { fate: Fate } = { fate: 'pass' };
    const secret = 'a secret of 16 bytes';
    const dead = openRuns({ store: behind(store, () => net.fate), secret }, runtime);
    const runs = openRuns({ store, secret }, runtime);
    for (const path of ['/told', '/rerun']) {
      const request = ask({ key: KEY, url: `http://test.example${path}` });
      watch(Promise.resolve(dead.serve(request, () => new Promise<Response>(() => {}))));
    }
    await clock.pass(10);
    net.fate = 'hang';
    await clock.pass(60_000);
    await store.sweep(10, new Uint8Array([1]));
    const answers = ['/told', '/rerun'].map((path) => {
      const route = path === '/told' ? runs : runs.forRoute({ onLost: 'rerun' });
      const request = ask({ key: KEY, url: `http://test.example${path}` });
      const work = (_: Request, { attempt }: { attempt: number }) => Response.json(attempt);
      return watch(Promise.resolve(route.serve(request, work)));
    });
    await clock.pass(100);
    const [told, rerun] = answers;
    expect(told?.value?.status).toBe(500);
    expect(await rerun?.value?.json()).toBe(2);
  });

  test('count towards the same limits, and end in the same shutdown', async () => {
    const runs = openRuns({ maxRunning: 1 });
    const route = runs.forRoute({ keyHeader: 'X-Job' });
    const go = gate<Response>();
    const first = route.serve(ask({ headers: { 'x-job': 'j1' } }), () => go.opened);
    await vi.waitFor(async () => expect(await runs.list('ann')).toHaveLength(1));
    const second = await runs.serve(ask({ key: KEY }), () => new Response());
    expect(second.status).toBe(429);
    expect(await runs.drain({ timeoutMs: 0 })).toEqual({ settled: 0, released: 1, unsettled: 0 });
    expect((await problemOf(await first)).code).toBe('drained');
    const late = await route.serve(ask({ headers: { 'x-job': 'j2' } }), () => new Response());
    expect(late.status).toBe(503);
  });

  test('have what all have where they say nothing', () => {
    const key = () => 'the same';
    const runs = openRuns({ onLost: 'rerun', key, maxBodyBytes: 5 });
    const { settings } = runs.forRoute({ key: undefined, maxBodyBytes: 6 }).context;
    expect(settings).toMatchObject({ onLost: 'rerun', key, maxBodyBytes: 6 });
    expect(runs.context.settings.maxBodyBytes).toBe(5);
  });

  const wrong: [name: string, options: unknown, message: RegExp][] = [
    ['no options', undefined, /forRoute needs options/],
    ['a name that there is not', { onlost: 'rerun' }, /no option onlost.*onLost/],
    ['what is the same for all', { maxRunning: 5 }, /maxRunning is the same for all.*createRuns/],
    ['a wrong value', { onLost: 'again' }, /'tell' or 'rerun'/],
  ];
  test.each(wrong)('refuse %s', (_, options, message) => {
    const runs = openRuns();
    const attempt = () => runs.forRoute(options as RouteRunsOptions);
    expect(attempt).toThrow(RunError);
    expect(attempt).toThrow(message);
  });

  test('are typed', () => {
    expectTypeOf<RouteRunsOptions>().not.toHaveProperty('authorize');
    expectTypeOf<RouteRunsOptions['onLost']>().toEqualTypeOf<'tell' | 'rerun' | undefined>();
  });
});
