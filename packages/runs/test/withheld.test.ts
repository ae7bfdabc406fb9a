import { holdOpen } from '@holdopen/fetch';
import { expect, test } from 'vitest';
import type { RunStore } from '../src/store.js';
import { ask, blocksOf, eventStream, KEY, openRuns, runOf, serve } from './support/desk.js';
import { openMemory } from './support/store.js';

const SLOW_MS = 150;
const HOLD = { firstBeatMs: 20, intervalMs: 60 };

/** A store that takes its time to tell of a run. */
function slow(store: RunStore): RunStore {
  return new Proxy(store, {
    get(target, name) {
      const own: unknown = Reflect.get(target, name);
      if (typeof own !== 'function') return own;
      return async (...args: unknown[]) => {
        if (name === 'get') await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
        return Reflect.apply(own, target, args) as unknown;
      };
    },
  });
}

async function finished() {
  const { store } = openMemory(() => performance.now());
  const secret = 'a secret of 16 bytes';
  const runs = openRuns({ store: slow(store), secret, hold: HOLD });
  const answer = await serve(runs, ask({ key: KEY }), () => eventStream(['data: 1\n\n']));
  const ids = blocksOf(await answer.text()).map(({ id = '' }) => id);
  const back = (id: string, path = `/runs/${runOf(answer)}/events`) =>
    ask({
      method: 'GET',
      url: `http://test.example${path}`,
      headers: { 'last-event-id': id, accept: 'text/event-stream' },
    });
  return { runs, ids, back };
}

test('a 204 for who has all stays one though the store is slow', async () => {
  const { runs, ids, back } = await finished();
  expect((await runs.fetch(back(ids.at(-1) ?? ''))).status).toBe(204);
  const handler = holdOpen(() => new Response('not a run'), { runs, ...HOLD });
  expect(((await handler(back(ids.at(-1) ?? '', '/work'))) as Response).status).toBe(204);
});

test('whoever waits for events has beats as before', async () => {
  const { runs, ids, back } = await finished();
  const response = await runs.fetch(back(ids[0] ?? ''));
  expect([response.status, response.headers.get('holdopen')]).toEqual([
    200,
    'interval=60, format=sse',
  ]);
  expect(await response.text()).toMatch(/^:/);
});
