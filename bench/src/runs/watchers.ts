import { setTimeout as sleep } from 'node:timers/promises';
import type { Child } from '../child.js';
import { compared, type Measures, type Shown, type Side } from '../compared.js';
import { withCpu } from '../cpu.js';
import type { Figure, Plan } from '../figure.js';
import { mostConnections } from '../idle-group.js';
import { Processes } from '../processes.js';
import { median } from '../statistics.js';
import type { FanOutServer } from './fan-out-server.js';
import type { RunServer } from './run-server.js';
import type { Latency, WatchClient } from './watch-client.js';

/** What the server of runs and the bare one can both be asked. */
type LiveServer = Child<FanOutServer>;

const SHOWN: readonly Shown[] = [
  { measure: 'alone', title: 'one attaches, p50', unit: 'ms' },
  { measure: 'attachP50', title: 'all attach at once, p50', unit: 'ms' },
  { measure: 'attachP99', title: 'all attach at once, p99', unit: 'ms' },
  { measure: 'appendP50', title: 'an append to all, p50', unit: 'ms' },
  { measure: 'appendP99', title: 'an append to all, p99', unit: 'ms' },
  { measure: 'appendCpu', title: 'CPU of an append to all', unit: 'ms' },
];

/** How soon watchers of live streams have what there is and what comes. */
export async function watchers(plan: Plan, hasRedis: boolean): Promise<Figure[]> {
  const wanted = plan.quick ? 100 : 1_000;
  const count = Math.min(wanted, mostConnections());
  if (count < wanted) {
    plan.leaveOut(
      `${wanted} watchers: ${count} instead, for no process may have more files open (ulimit -Hn)`,
    );
  }
  const one = await live(plan, hasRedis, `${count} watchers of one run`, 1, count);
  return [...one, ...(await live(plan, hasRedis, `${count} runs`, count, count))];
}

function live(
  plan: Plan,
  hasRedis: boolean,
  item: string,
  runs: number,
  count: number,
): Promise<Figure[]> {
  return compared(plan, {
    item,
    shown: SHOWN,
    rounds: plan.quick ? 2 : 3,
    warmUps: 1,
    async open() {
      const processes = await Processes.open(hasRedis);
      const client = processes.start<WatchClient>('watch-client.ts');
      const appends = plan.quick ? 3 : 10;
      const bare = (name: string): Side => {
        const server = processes.start<FanOutServer>('fan-out-server.ts');
        return {
          name,
          turn: () => turn(client, server, new Array(count).fill('/live'), appends),
        };
      };
      const ofRuns = (name: string, server: Child<RunServer>): Side => ({
        name,
        async turn() {
          const started = await client.ask('start', await server.ask('port'), runs);
          const paths = Array.from({ length: count }, (_, i) => started[i % runs] ?? '');
          return turn(client, server, paths, appends);
        },
      });
      const sides = [
        bare('bare fan-out'),
        ofRuns('memory', processes.server('memory')),
        ...(hasRedis ? [ofRuns('Redis', processes.server('redis'))] : []),
        bare('bare fan-out (A/A)'),
      ];
      return { sides, close: () => processes.close() };
    },
  });
}

async function turn(
  client: Child<WatchClient>,
  server: LiveServer,
  paths: readonly string[],
  appends: number,
): Promise<Measures> {
  const port = await server.ask('port');
  await until('whoever started them has left', server, 0);
  const some = paths.slice(0, 100);
  const alone = await client.ask('attach', { port, paths: some, atOnce: 1 });
  await client.ask('leave');
  await until('those who came one by one have left', server, 0);
  const attached = await client.ask('attach', { port, paths, atOnce: paths.length });
  await until('all are there', server, paths.length);
  const heard: Latency[] = [];
  const [, cpuMs] = await withCpu(server, async () => {
    for (let n = 1; n <= appends; n += 1) {
      const latency = client.ask('heard', n);
      await server.ask('append', n);
      heard.push(await latency);
    }
  });
  await client.ask('leave');
  await server.ask('endLive');
  await until('all have left', server, 0);
  return {
    alone: alone.p50,
    attachP50: attached.p50,
    attachP99: attached.p99,
    appendP50: median(heard.map(({ p50 }) => p50)),
    appendP99: median(heard.map(({ p99 }) => p99)),
    appendCpu: cpuMs / appends,
  };
}

async function until(what: string, server: LiveServer, connections: number): Promise<void> {
  const endsAt = performance.now() + 30_000;
  for (;;) {
    const there = await server.ask('connections');
    if (there === connections) return;
    if (performance.now() > endsAt) {
      throw new Error(`${what}: there are ${there} connections, not ${connections}`);
    }
    await sleep(20);
  }
}
