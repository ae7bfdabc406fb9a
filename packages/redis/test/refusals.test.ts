import { setTimeout as pause } from 'node:timers/promises';
import { createRuns, RunFeeds, RunWriter, resolveOwnerOptions, systemTimers } from '@holdopen/runs';
import { createClient } from 'redis';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createRedisStore } from '../src/index.js';
import { bytes, claimOf, codeOf, entriesOf } from './support/run.js';
import { RedisServer } from './support/server.js';
import { until } from './support/until.js';

const REFUSES_MS = 1_000;

type Send = (...command: string[]) => Promise<unknown>;

let server: RedisServer;
let admin: ReturnType<typeof createClient>;
const send: Send = (...command) => admin.sendCommand(command);

beforeEach(async () => {
  vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  server = await RedisServer.start();
  admin = createClient({ url: server.url });
  await admin.connect();
  await send('ACL', 'SETUSER', 'app', 'on', '>secret', '~*', '&*', '+@all');
});
afterEach(async () => {
  vi.restoreAllMocks();
  admin.destroy();
  await server.stop();
});

/** All connections of the store. */
async function cut(): Promise<void> {
  await send('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  await send('CLIENT', 'KILL', 'TYPE', 'pubsub', 'SKIPME', 'yes');
}

const REFUSALS: [name: string, refuse: () => Promise<unknown>, allow: () => Promise<unknown>][] = [
  [
    'that is at its limit of clients',
    async () => {
      await send('CONFIG', 'SET', 'maxclients', '1');
      await cut();
    },
    () => send('CONFIG', 'SET', 'maxclients', '10000'),
  ],
  [
    'whose password is changed',
    async () => {
      await send('ACL', 'SETUSER', 'app', 'resetpass', '>other');
      await cut();
    },
    () => send('ACL', 'SETUSER', 'app', '>secret'),
  ],
  [
    'whose user is taken away',
    () => send('ACL', 'DELUSER', 'app'),
    () => send('ACL', 'SETUSER', 'app', 'on', '>secret', '~*', '&*', '+@all'),
  ],
  [
    'whose user may not run scripts for a moment',
    () => send('ACL', 'SETUSER', 'app', '-@scripting'),
    () => send('ACL', 'SETUSER', 'app', '+@scripting'),
  ],
  [
    'whose user may not touch the keys for a moment',
    () => send('ACL', 'SETUSER', 'app', 'resetkeys'),
    () => send('ACL', 'SETUSER', 'app', '~*'),
  ],
  [
    'that throws keys away for a moment',
    async () => {
      await send('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
      await cut();
    },
    () => send('CONFIG', 'SET', 'maxmemory-policy', 'noeviction'),
  ],
  [
    'that has too few replicas',
    () => send('CONFIG', 'SET', 'min-replicas-to-write', '1'),
    () => send('CONFIG', 'SET', 'min-replicas-to-write', '0'),
  ],
];

describe.each(REFUSALS)('a server %s', (_, refuse, allow) => {
  test('ends no running work, no end of it and no watching', async () => {
    const store = createRedisStore({ url: server.url.replace('//', '//app:secret@') });
    const claimedAt = systemTimers.now();
    const claims = [await store.claim(claimOf()), await store.claim(claimOf())];
    const [working, ending] = claims.map(
      ({ record }) => new RunWriter(store, record, claimedAt, resolveOwnerOptions(), systemTimers),
    );
    if (working === undefined || ending === undefined) throw new Error('no writer');
    working.write({ kind: 'chunk', bytes: bytes('before') });
    await until('it is written', async () => (await store.get(working.run))?.tail === 1);
    const feeds = new RunFeeds(store);
    const offsets: number[] = [];
    const watching = (async () => {
      const { signal } = new AbortController();
      for await (const item of feeds.watch(working.run, { signal })) {
        if (item.kind === 'entry') offsets.push(item.cursor.offset);
      }
    })();
    await until('it is watched', () => offsets.length === 1);
    await refuse();
    working.write({ kind: 'chunk', bytes: bytes('meanwhile') });
    const ended = ending.end({ state: 'completed', status: 200 });
    const begun = performance.now();
    while (performance.now() - begun < REFUSES_MS) {
      expect(await codeOf(store.claim(claimOf()))).toBe('store_unavailable');
      await pause(50);
    }
    expect([working.signal.aborted, ending.signal.aborted]).toEqual([false, false]);
    await allow();
    expect(await ended).toEqual({ kind: 'settled', state: 'completed' });
    working.write({ kind: 'chunk', bytes: bytes('after') });
    expect(await working.end({ state: 'completed', status: 200 })).toMatchObject({
      kind: 'settled',
    });
    const record = claims[0]?.record;
    expect(record && (await entriesOf(store, record))).toHaveLength(4);
    await watching;
    expect(offsets).toEqual([1, 2, 3, 4]);
    await store.close();
  });
});

test('a request that would start work is told 503 meanwhile, and starts it afterwards', async () => {
  const store = createRedisStore({ url: server.url });
  const secret = 'a secret of 16 bytes';
  const runs = createRuns({ store, secret, storeAwayMs: 500, authorize: () => 'somebody' });
  const post = async (key: string) => {
    const headers = { 'idempotency-key': key };
    const request = new Request('http://test.example/work', { method: 'POST', headers });
    return runs.serve(request, () => new Response('done'));
  };
  expect((await post('first')).status).toBe(200);
  await send('CONFIG', 'SET', 'maxclients', '1');
  await cut();
  const refused = await post('second');
  expect([refused.status, refused.headers.has('retry-after')]).toEqual([503, true]);
  await send('CONFIG', 'SET', 'maxclients', '10000');
  await until('it is started', async () => (await post('second')).status === 200);
  await runs.close();
  await store.close();
});
