import { createRuns } from '@holdopen/runs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRedisStore } from '../src/index.js';
import { started } from './support/run.js';
import { RedisServer } from './support/server.js';
import { until } from './support/until.js';

let server: RedisServer;

beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());

test('who polls in a process that started no work hears that the owner is gone', async () => {
  const dead = createRedisStore({ url: server.url });
  const { run } = await started(dead, { leaseMs: 1_000, graceMs: 500 });
  await dead.close();
  const store = createRedisStore({ url: server.url });
  const runs = createRuns({
    store,
    secret: 'a secret of 16 bytes',
    authorize: () => 'somebody',
    sweepIntervalMs: 2_000_000,
  });
  const get = async (path: string) => {
    const answer = await runs.fetch(new Request(`http://test.example${path}`));
    return (await answer.json()) as Record<string, unknown>;
  };
  expect(await get(`/runs/${run}`)).toMatchObject({ state: 'running' });
  expect(await get('/runs')).toMatchObject({ runs: [{ id: run }] });
  await until('it is lost', async () => (await get(`/runs/${run}`)).state === 'lost', 5_000);
  expect(await get(`/runs/${run}`)).toMatchObject({ state: 'lost', status: 500, code: 'lost' });
  expect(await get('/runs')).toEqual({ runs: [] });
  await runs.close();
  await store.close();
});
