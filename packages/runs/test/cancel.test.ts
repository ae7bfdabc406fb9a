import { afterEach, expect, test, vi } from 'vitest';
import { ask, gate, KEY, openRuns, problemOf, quiet, runOf, serve } from './support/desk.js';
import { behind, type Fate } from './support/faulty.js';
import { openMemory } from './support/store.js';
import { watch, world } from './support/world.js';

afterEach(() => {
  vi.restoreAllMocks();
});

/** A run that was given up once, and whose second attempt goes on. */
async function secondAttempt(runs: ReturnType<typeof openRuns>) {
  const first = await serve(runs, ask({ key: KEY }), () => new Response(null, { status: 503 }));
  const go = gate<Response>();
  let signal: AbortSignal | undefined;
  const second = serve(runs, ask({ key: KEY }), (_, info) => {
    signal = info.signal;
    return go.opened;
  });
  await vi.waitFor(() => expect(signal).toBeDefined());
  return { id: runOf(first), go, second, isCancelled: () => signal?.aborted === true };
}

const at = (path: string) =>
  ask({ method: 'DELETE', url: `http://test.example${path}`, headers: {} });

test('a DELETE whose answer was lost in the store does not end the next attempt', async () => {
  const { store } = openMemory(() => performance.now());
  let fate: Fate = 'pass';
  const away = gate();
  const through = behind(store, (method) => (method === 'requestCancel' ? fate : 'pass'));
  const slow = new Proxy(through, {
    get(target, name) {
      const own: unknown = Reflect.get(target, name);
      if (name !== 'requestCancel' || typeof own !== 'function') return own;
      return async (...args: unknown[]) => {
        if (fate === 'pass') await away.opened;
        return Reflect.apply(own, target, args) as unknown;
      };
    },
  });
  const runs = openRuns({ store: slow });
  const go = gate<Response>();
  const first = serve(runs, ask({ key: KEY }), () => go.opened);
  await vi.waitFor(async () => expect(await runs.list('ann')).toHaveLength(1));
  const id = (await runs.list('ann'))[0]?.id ?? '';
  fate = 'unsent';
  const cancel = runs.fetch(at(`/runs/${id}`));
  await new Promise((resolve) => setTimeout(resolve, 20));
  fate = 'pass';
  // The wish is on its way again while the first attempt is given up and the second one begins.
  go.open(new Response(null, { status: 503 }));
  await first;
  const { second, isCancelled, go: goOn } = await secondAttempt(runs);
  away.open();
  expect(await (await cancel).json()).toMatchObject({ state: 'running', id });
  await new Promise((resolve) => setTimeout(resolve, 350));
  expect(isCancelled()).toBe(false);
  goOn.open(new Response('done'));
  expect(await (await second).text()).toBe('done');
});

test('a DELETE that names an attempt ends no other one', async () => {
  quiet();
  const runs = openRuns();
  const { id, go, second, isCancelled } = await secondAttempt(runs);
  const late = await runs.fetch(at(`/runs/${id}?attempt=1`));
  expect(await problemOf(late)).toMatchObject({ status: 409, code: 'another_attempt', run: id });
  const meant = await runs.fetch(at(`/runs/${id}?attempt=2`));
  expect(meant.status).toBe(202);
  await vi.waitFor(() => expect(isCancelled()).toBe(true));
  go.open(new Response('too late'));
  expect((await second).status).toBe(410);
  const purge = await runs.fetch(at(`/runs/${id}?attempt=1&purge`));
  expect(purge.status).toBe(409);
});

test.each([200, 422, 503])(
  'a DELETE that was told 202 cancels the run, though its handler answers %i at once',
  async (status) => {
    quiet();
    const runs = openRuns();
    const go = gate<Response>();
    const answer = serve(runs, ask({ key: KEY }), () => go.opened);
    await vi.waitFor(async () => expect(await runs.list('ann')).toHaveLength(1));
    const place = `/runs/${(await runs.list('ann'))[0]?.id ?? ''}`;
    expect((await runs.fetch(at(place))).status).toBe(202);
    go.open(Response.json('done', { status }));
    expect(await problemOf(await answer)).toMatchObject({ status: 410, code: 'cancelled' });
    const now = await runs.fetch(ask({ method: 'GET', url: `http://test.example${place}` }));
    expect(await now.json()).toMatchObject({ state: 'cancelled' });
  },
);

test('a DELETE that was told 202 cancels the run though its end is on its way to the store', async () => {
  quiet();
  const { clock, runs, net } = world();
  const go = gate<Response>();
  const answer = watch(serve(runs, ask({ key: KEY }), () => go.opened));
  await clock.pass(100);
  const id = (await runs.list('ann'))[0]?.id ?? '';
  net.fate = (method) => (method === 'settle' ? 'unsent' : 'pass');
  go.open(Response.json('done'));
  await clock.pass(100);
  const cancel = watch(runs.fetch(at(`/runs/${id}`)));
  await clock.pass(10);
  expect(cancel.value?.status).toBe(202);
  net.fate = () => 'pass';
  await clock.pass(1_000);
  expect(answer.value?.status).toBe(410);
});
