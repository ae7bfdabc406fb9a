import { setTimeout as pause } from 'node:timers/promises';
import { RunFeeds, RunWriter, resolveOwnerOptions, systemTimers } from '@holdopen/runs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createRedisStore } from '../src/index.js';
import { TcpProxy } from './support/proxy.js';
import { bytes, claimOf } from './support/run.js';
import { RedisServer } from './support/server.js';

const RUNS = 4;
const ENTRIES = 300;

let server: RedisServer;
let proxy: TcpProxy;

beforeEach(async () => {
  server = await RedisServer.start();
  proxy = await TcpProxy.to(server.port);
});
afterEach(async () => {
  await proxy.close();
  await server.stop();
});

test('over a bad network every watcher in another process sees each entry once and in order', async () => {
  const owning = createRedisStore({ url: proxy.url, commandTimeoutMs: 500 });
  const watching = createRedisStore({ url: proxy.url, commandTimeoutMs: 500 });
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
      proxy.swallowsAnswers = i % 2 === 0;
      await pause(100);
      proxy.cut();
      proxy.swallowsAnswers = false;
    }
    return proxy.connections;
  })();
  await Promise.all(journeys);
  isOver = true;
  expect(await trouble).toBeGreaterThan(4);
  await owning.close();
  await watching.close();
});
