import { Buffer } from 'node:buffer';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRedisStore } from '../src/index.js';
import { bytes, entriesOf, started } from './support/run.js';
import { RedisServer } from './support/server.js';
import { until } from './support/until.js';

const NODES = 3;
const SLOTS = 16_384;

const servers: RedisServer[] = [];
const ids: string[] = [];

beforeAll(async () => {
  for (let i = 0; i < NODES; i += 1) {
    servers.push(await RedisServer.start('--cluster-enabled', 'yes'));
  }
  for (const [index, server] of servers.entries()) {
    const [from, to] = rangeOf(index);
    await server.command('CLUSTER', 'ADDSLOTSRANGE', String(from), String(to));
    ids.push(String(await server.command('CLUSTER', 'MYID')));
    if (index > 0) await server.command('CLUSTER', 'MEET', '127.0.0.1', String(servers[0]?.port));
  }
  for (const server of servers) {
    await until('the cluster is whole', async () => {
      const info = String(await server.command('CLUSTER', 'INFO'));
      return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${NODES}`);
    });
  }
});
afterAll(async () => {
  for (const server of servers) await server.stop();
});

let stores = 0;

function storeOptions() {
  stores += 1;
  const rootNodes = servers.map(({ url }) => ({ url }));
  return { cluster: { rootNodes }, prefix: `nodes-${stores}:` };
}

test('runs lie on all nodes, are read by other processes, told of, listed and swept', async () => {
  const options = storeOptions();
  const [store, another] = [createRedisStore(options), createRedisStore(options)];
  const used = new Set<number>();
  const runs = [];
  for (let i = 0; i < 24; i += 1) {
    const record = await started(store, { principal: 'all nodes' });
    used.add(await nodeOf(options.prefix, record.run));
    let rings = 0;
    await another.subscribe(record.run, () => {
      rings += 1;
    });
    const { run, fence } = record;
    await store.append({ run, fence, expectedTail: 0, entries: [bytes(`${i}`)], head: bytes('h') });
    await until('the doorbell rang', async () => rings > 0);
    expect((await entriesOf(another, record)).length).toBe(1);
    runs.push(run);
  }
  expect(used.size).toBe(NODES);
  const listed = await another.list('all nodes', 100);
  expect(listed.map(({ run }) => run).sort()).toEqual(runs.sort());
  await store.close();
  await another.close();
});

test('a run goes on while its slot moves to another node', async () => {
  const options = storeOptions();
  const [store, another] = [createRedisStore(options), createRedisStore(options)];
  const record = await started(store);
  const { run, fence } = record;
  const append = (offset: number) =>
    store.append({
      run,
      fence,
      expectedTail: offset,
      entries: [bytes(`${offset}`)],
      head: bytes('h'),
    });
  await append(0);
  expect((await entriesOf(another, record)).length).toBe(1);

  const from = await nodeOf(options.prefix, run);
  const to = (from + 1) % NODES;
  await moveSlot(await slotOf(options.prefix, run), from, to);

  await append(1);
  await append(2);
  const entries = await entriesOf(another, record);
  expect(entries.map((entry) => Buffer.from(entry.bytes).toString())).toEqual(['0', '1', '2']);
  const moved = await servers[to]?.command('EXISTS', `${tagOf(options.prefix, run)}run`);
  expect(moved).toBe(1);
  await store.close();
  await another.close();
});

/** As `redis-cli --cluster reshard` does it. */
async function moveSlot(slot: number, from: number, to: number): Promise<void> {
  const [source, target] = [servers[from], servers[to]];
  if (source === undefined || target === undefined) throw new Error('no such node');
  await target.command('CLUSTER', 'SETSLOT', String(slot), 'IMPORTING', String(ids[from]));
  await source.command('CLUSTER', 'SETSLOT', String(slot), 'MIGRATING', String(ids[to]));
  const keys = (await source.command('CLUSTER', 'GETKEYSINSLOT', String(slot), '1000')) as string[];
  await source.command(
    ...['MIGRATE', '127.0.0.1', String(target.port), '', '0', '5000', 'KEYS', ...keys],
  );
  for (const server of [target, source]) {
    await server.command('CLUSTER', 'SETSLOT', String(slot), 'NODE', String(ids[to]));
  }
}

function rangeOf(index: number): [number, number] {
  const from = Math.floor((index * SLOTS) / NODES);
  return [from, Math.floor(((index + 1) * SLOTS) / NODES) - 1];
}

function tagOf(prefix: string, run: string): string {
  return `${prefix}{${run.slice(0, 22)}}:`;
}

async function slotOf(prefix: string, run: string): Promise<number> {
  return Number(await servers[0]?.command('CLUSTER', 'KEYSLOT', `${tagOf(prefix, run)}run`));
}

async function nodeOf(prefix: string, run: string): Promise<number> {
  const slot = await slotOf(prefix, run);
  return servers.findIndex((_, index) => slot >= rangeOf(index)[0] && slot <= rangeOf(index)[1]);
}
