import { setTimeout as pause } from 'node:timers/promises';
import { createFaultyPath, type FaultyPath } from '@holdopen/faulty-path';
import { RunFeeds, RunWriter, resolveOwnerOptions, systemTimers } from '@holdopen/runs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createRedisStore } from '../src/index.js';
import { bytes, claimOf } from './support/run.js';
import { RedisServer } from './support/server.js';

const RUNS = 4;
const ENTRIES = 300;

let server: RedisServer;
let path: FaultyPath;

beforeEach(async () => {
  server = await RedisServer.start();
  path = await createFaultyPath({ target: server.port });
});
afterEach(async () => {
  await path.close();
  await server.stop();
});

test('over a bad network every watcher in another process sees each entry once and in order', async () => {
  const owning = createRedisStore({ url: `redis://127.0.0.1:${path.port}`, commandTimeoutMs: 500 });
  const watching = createRedisStore({
    url: `redis://127.0.0.1:${path.port}`,
    commandTimeoutMs: 500,
  });
  // Slower than the test may take: only the doorbell wakes a watcher.
  const feeds = new RunFeeds(watching, { slowPollMs: 60_000 });
  const settings = resolveOwnerOptions();
  const journeys = Array.from({ length: RUNS }, async () => {
    const claimedAt = systemTimers.now();
    const { record } = await owning.claim(claimOf());
    const writer = new RunWriter(owning, record, claimedAt, settings, systemTimers);
    const work = (async () => {
      for (let i = 1; i <= ENTRIES; i += 1) {
        if (!writer.write({ kind: 'chunk', bytes: bytes(`${i} `) })) await writer.drained();
        await pause(5);
      }
      return writer.end({ state: 'completed', status: 200 });
    })();
    const offsets: number[] = [];
    const { signal } = new AbortController();
    let text = '';
    for await (const item of feeds.watch(record.run, { signal })) {
      if (item.kind !== 'entry') continue;
      offsets.push(item.cursor.offset);
      if (item.entry.kind === 'chunk') text += Buffer.from(item.entry.bytes).toString();
    }
    expect(await work).toMatchObject({ kind: 'settled', state: 'completed' });
    expect(offsets).toEqual(Array.from({ length: ENTRIES + 1 }, (_, i) => i + 1));
    expect(text).toBe(Array.from({ length: ENTRIES }, (_, i) => `${i + 1} `).join(''));
  });
  let isOver = false;
  const trouble = (async () => {
    for (let i = 0; !isOver && i < 6; i += 1) {
      await pause(200);
      if (i % 2 === 0) path.blackHole('response');
      await pause(100);
      path.killAll(i % 3 === 0 ? 'fin' : 'rst');
      path.resume();
    }
    return path.connections.length;
  })();
  await Promise.all(journeys);
  isOver = true;
  expect(await trouble).toBeGreaterThan(4);
  await owning.close();
  await watching.close();
});
