import { compared, type Opened, type Shown, type Side } from '../compared.js';
import { withCpu } from '../cpu.js';
import type { Figure, Plan } from '../figure.js';
import { Processes } from '../processes.js';
import type { RequestClient, Requests } from './request-client.js';
import type { Mount } from './run-server.js';

const CONNECTIONS = 32;
/** A route with runs must cost those nothing who send no key. */
const NO_KEY_TARGET = 1.05;

const SHOWN: readonly Shown[] = [
  { measure: 'cpuUs', title: 'CPU', unit: 'µs/request' },
  { measure: 'us', title: 'rate', unit: 'requests/s', rate: (us) => 1e6 / us },
];

interface Entrant {
  readonly name: string;
  readonly mount: Mount;
  readonly key: Requests['key'];
  readonly count: number;
}

/** A JSON route that is held, with and without runs: small POSTs, a handler that answers at once. */
export async function keyedRequests(plan: Plan, hasRedis: boolean): Promise<Figure[]> {
  const common = {
    shown: SHOWN,
    rounds: plan.quick ? 3 : 5,
    warmUps: 2,
  };
  /** Requests that no run answers take a twentieth of the time, so there are more of them. */
  const plain = plan.quick ? 1_000 : 5_000;
  const keyed = plan.quick ? 200 : 500;
  const held = { mount: 'held' } as const;
  return [
    ...(await compared(plan, {
      ...common,
      item: 'POST without a key',
      targets: { cpuUs: { 'with runs': NO_KEY_TARGET } },
      open: () =>
        open(false, [
          { ...held, name: 'held', key: 'none', count: plain },
          { name: 'with runs', mount: 'memory', key: 'none', count: plain },
          { ...held, name: 'held (A/A)', key: 'none', count: plain },
        ]),
    })),
    ...(await compared(plan, {
      ...common,
      item: 'POST with a key',
      open: () =>
        open(hasRedis, [
          { ...held, name: 'held', key: 'new', count: plain },
          { name: 'runs in memory', mount: 'memory', key: 'new', count: keyed },
          { name: 'a replay from memory', mount: 'memory', key: 'same', count: keyed },
          ...(hasRedis
            ? ([
                { name: 'runs in Redis', mount: 'redis', key: 'new', count: keyed },
                { name: 'a replay from Redis', mount: 'redis', key: 'same', count: keyed },
              ] as const)
            : []),
          { ...held, name: 'held (A/A)', key: 'new', count: plain },
        ]),
    })),
  ];
}

async function open(withRedis: boolean, entrants: readonly Entrant[]): Promise<Opened> {
  const processes = await Processes.open(withRedis);
  const client = processes.start<RequestClient>('request-client.ts');
  const sides = entrants.map(({ name, mount, key, count }): Side => {
    const server = processes.server(mount);
    let turns = 0;
    return {
      name,
      async turn() {
        const port = await server.ask('port');
        const before = await server.ask('worked');
        const load = { port, connections: CONNECTIONS, count, key };
        const [ms, cpuMs] = await withCpu(server, () => client.ask('load', load));
        const worked = (await server.ask('worked')) - before;
        const expected = key !== 'same' ? count : turns === 0 ? 1 : 0;
        if (worked !== expected) {
          throw new Error(`${name}: the handler was called ${worked} times, not ${expected}`);
        }
        turns += 1;
        return { cpuUs: (cpuMs * 1_000) / count, us: (ms * 1_000) / count };
      },
    };
  });
  return { sides, close: () => processes.close() };
}
