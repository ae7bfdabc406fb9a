import { compared, type Side } from '../compared.js';
import { withCpu } from '../cpu.js';
import type { Figure, Plan } from '../figure.js';
import type { LoadClient } from '../load-client.js';
import { Processes } from '../processes.js';
import type { Served } from '../serve.js';
import { hasNginx, startNginx } from './nginx.js';
import type { ProxyKind, ProxyServer } from './proxy-server.js';

const CONNECTIONS = 32;
const PLACE = new URL('.', import.meta.url);
const TARGETS = { holdopen: 1, 'holdopen, not held': 1 };

/** Ordinary requests through the sidecar, beside the same through http-proxy and nginx: everything on this one machine. */
export function proxy(plan: Plan): Promise<Figure[]> {
  const requests = plan.quick ? 500 : 2_500;
  const withNginx = hasNginx();
  if (!withNginx) plan.leaveOut('nginx, which is not on this machine');
  return compared(plan, {
    item: 'proxy',
    shown: [
      {
        measure: 'us',
        title: 'requests',
        unit: 'a second',
        rate: (us) => 1_000_000 / us,
      },
      { measure: 'cpuUs', title: 'CPU each', unit: 'µs' },
    ],
    rounds: plan.quick ? 2 : 7,
    warmUps: plan.quick ? 1 : 2,
    targets: { us: TARGETS, cpuUs: TARGETS },
    open: () => open(requests, withNginx),
  });
}

async function open(requests: number, withNginx: boolean) {
  const processes = await Processes.open(false);
  const origin = processes.start<Served>(new URL('origin-server.ts', PLACE));
  const originPort = await origin.ask('port');
  const client = processes.start<LoadClient>(new URL('../load-client.ts', PLACE));
  /** Microseconds for a request. */
  const timed = async (port: number): Promise<number> => {
    const startMs = performance.now();
    await client.ask('load', { port, connections: CONNECTIONS, requests });
    return ((performance.now() - startMs) * 1_000) / requests;
  };
  const side = async (name: string, kind: ProxyKind): Promise<Side> => {
    const args = [kind, String(originPort)];
    const server = processes.start<ProxyServer>(new URL('proxy-server.ts', PLACE), args);
    const port = await server.ask('port');
    return {
      name,
      async turn() {
        const [us, cpuMs] = await withCpu(server, () => timed(port));
        return { us, cpuUs: (cpuMs * 1_000) / requests };
      },
    };
  };
  const nginx = withNginx ? await startNginx(originPort) : undefined;
  const sides = [
    await side('http-proxy', 'http-proxy'),
    await side('holdopen', 'holdopen'),
    await side('holdopen, not held', 'holdopen, not held'),
    // It does not tell its CPU.
    ...(nginx === undefined
      ? []
      : [{ name: 'nginx', turn: async () => ({ us: await timed(nginx.port) }) }]),
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
