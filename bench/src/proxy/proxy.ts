import type { Child } from '../child.js';
import type { Figure, Plan } from '../figure.js';
import type { LoadClient } from '../load-client.js';
import { compared, type Side } from '../runs/compared.js';
import { withCpu } from '../runs/cpu.js';
import { Processes } from '../runs/processes.js';
import { hasNginx, startNginx } from './nginx.js';
import type { OriginServer } from './origin-server.js';
import type { ProxyKind, ProxyServer } from './proxy-server.js';

const CONNECTIONS = 32;
const PLACE = new URL('.', import.meta.url);

/** Ordinary requests through the sidecar, beside the same through http-proxy and nginx. */
export async function proxy(plan: Plan): Promise<Figure[]> {
  const requests = plan.quick ? 500 : 2_500;
  if (!hasNginx()) plan.say('proxy: without nginx, which is not on this machine');
  return [...(await throughput(plan, requests)), ...(await cpu(plan, requests))];
}

/** Requests a second, with everything on this one machine. */
function throughput(plan: Plan, requests: number): Promise<Figure[]> {
  return compared(plan, {
    item: 'proxy',
    shown: [
      {
        measure: 'us',
        title: 'requests',
        unit: 'a second',
        rate: (us) => 1_000_000 / us,
      },
    ],
    ...sizes(plan),
    targets: { measure: 'us', atMost: { holdopen: 1, 'holdopen, not held': 1 } },
    open: () => open(requests, true),
  });
}

/** The proxy's own CPU. nginx does not tell. */
function cpu(plan: Plan, requests: number): Promise<Figure[]> {
  return compared(plan, {
    item: 'proxy',
    shown: [{ measure: 'cpuUs', title: 'CPU each', unit: 'µs' }],
    ...sizes(plan),
    targets: { measure: 'cpuUs', atMost: { holdopen: 1, 'holdopen, not held': 1 } },
    open: () => open(requests, false),
  });
}

function sizes({ quick }: Plan) {
  return { rounds: quick ? 2 : 7, warmUps: quick ? 1 : 2, runs: quick ? 1 : 4 };
}

async function open(requests: number, withNginx: boolean) {
  const processes = await Processes.open(false);
  const origin = processes.start<OriginServer>(new URL('origin-server.ts', PLACE));
  const originPort = await origin.ask('port');
  const client = processes.start<LoadClient>(new URL('../load-client.ts', PLACE));
  const load = (port: number) => (): Promise<unknown> =>
    client.ask('load', { port, connections: CONNECTIONS, requests });

  const side = async (name: string, kind: ProxyKind): Promise<Side> => {
    const server = processes.start<ProxyServer>(new URL('proxy-server.ts', PLACE), [
      kind,
      String(originPort),
    ]);
    const port = await server.ask('port');
    return { name, turn: () => measured(server, load(port), requests) };
  };
  const nginx = withNginx && hasNginx() ? await startNginx(originPort) : undefined;
  const sides = [
    await side('http-proxy', 'http-proxy'),
    await side('holdopen', 'holdopen'),
    await side('holdopen, not held', 'holdopen, not held'),
    ...(nginx === undefined
      ? []
      : [{ name: 'nginx', turn: () => timed(load(nginx.port), requests) }]),
    await side('http-proxy (A/A)', 'http-proxy'),
  ];
  return {
    sides,
    async close() {
      await processes.close();
      await nginx?.close();
    },
  };
}

async function measured(
  server: Child<ProxyServer>,
  load: () => Promise<unknown>,
  requests: number,
) {
  const [measures, cpuMs] = await withCpu(server, () => timed(load, requests));
  return { ...measures, cpuUs: (cpuMs * 1_000) / requests };
}

async function timed(load: () => Promise<unknown>, requests: number) {
  const start = performance.now();
  await load();
  return { us: ((performance.now() - start) * 1_000) / requests };
}
