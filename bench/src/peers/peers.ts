import { compared, type Side } from '../compared.js';
import { withCpu } from '../cpu.js';
import type { Figure, Plan } from '../figure.js';
import type { Load, LoadClient } from '../load-client.js';
import { Processes } from '../processes.js';
import type { Served } from '../serve.js';
import type { PeerName } from './peer.js';

const CONNECTIONS = 32;
const SHORT_STREAM = 3;

/** Each group has its own floor, so that nobody's ratio holds the framework that it stands on. */
const GROUPS: readonly (readonly [floor: PeerName, ...others: PeerName[]])[] = [
  ['node', 'node, holdOpen', 'node, setInterval', 'better-sse', 'sse-channel'],
  ['fastify', 'fastify, holdOpen', '@fastify/sse'],
  ['hono streamSSE', 'hono streamSSE, holdOpen', 'hono streamSSE, loop'],
];

/** What it costs to be ready to beat, here and in what others use: nothing falls silent. */
export async function peers(plan: Plan): Promise<Figure[]> {
  const requests = plan.quick ? 300 : 2_500;
  const events = plan.quick ? 4_000 : 50_000;
  const figures: Figure[] = [];
  figures.push(
    ...(await sameLoad(plan, {
      item: 'JSON at once',
      names: ['node', 'node, holdOpen', 'node, setInterval'],
      parts: requests,
      load: { path: '/items', accept: 'application/json' },
    })),
  );
  for (const names of GROUPS) {
    figures.push(
      ...(await sameLoad(plan, {
        item: `${SHORT_STREAM} events and the end`,
        names,
        parts: requests,
        load: { path: `/${SHORT_STREAM}`, accept: 'text/event-stream', events: SHORT_STREAM },
      })),
    );
  }
  for (const names of GROUPS) {
    figures.push(
      ...(await sameLoad(plan, {
        item: `busy stream of ${events}`,
        names,
        parts: events,
      })),
    );
  }
  return figures;
}

interface SameLoad {
  readonly item: string;
  readonly names: readonly PeerName[];
  /** Into which its CPU and time are divided. */
  readonly parts: number;
  /** Requests over kept connections; without it one stream of `parts` events. */
  readonly load?: Load['request'];
}

function sameLoad(plan: Plan, { item, names, parts, load }: SameLoad): Promise<Figure[]> {
  return compared(plan, {
    item,
    shown: [
      { measure: 'cpuUs', title: 'CPU each', unit: 'µs' },
      ...(load === undefined
        ? [
            {
              measure: 'us',
              title: 'rate',
              unit: 'events/s',
              rate: (us: number) => 1_000_000 / us,
            },
          ]
        : []),
    ],
    rounds: plan.quick ? 2 : 5,
    warmUps: plan.quick ? 1 : 2,
    async open() {
      const processes = await Processes.open(false);
      const place = new URL('.', import.meta.url);
      const client = processes.start<LoadClient>(new URL('../load-client.ts', place));
      const side = (name: string, peer: PeerName): Side => {
        const server = processes.start<Served>(new URL('peer-server.ts', place), [peer]);
        return {
          name,
          async turn() {
            const port = await server.ask('port');
            const [ms, cpuMs] = await withCpu(server, async () => {
              const start = performance.now();
              if (load === undefined) {
                await client.ask('events', port, parts);
              } else {
                const all = { port, connections: CONNECTIONS, requests: parts, request: load };
                await client.ask('load', all);
              }
              return performance.now() - start;
            });
            return { us: (ms * 1_000) / parts, cpuUs: (cpuMs * 1_000) / parts };
          },
        };
      };
      const floor = names[0] as PeerName;
      const sides = [...names.map((name) => side(name, name)), side(`${floor} (A/A)`, floor)];
      return { sides, close: () => processes.close() };
    },
  });
}
