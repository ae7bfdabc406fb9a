import { randomUUID } from 'node:crypto';
import type { Child } from '../child.js';
import { compared, type Side } from '../compared.js';
import { withCpu } from '../cpu.js';
import type { Figure, Plan } from '../figure.js';
import { Processes } from '../processes.js';
import type { RunServer } from './run-server.js';
import type { StreamClient } from './stream-client.js';

/** What is read again. */
interface Output {
  readonly item: string;
  /** Where it is made. */
  readonly path: string;
  /** Where a run gives it. */
  readonly place: 'events' | 'result';
  readonly events?: number;
}

/** A finished run that is read again, beside the same bytes from a Buffer of the same server. */
export async function replay(plan: Plan, hasRedis: boolean): Promise<Figure[]> {
  const events = plan.quick ? 2_000 : 10_000;
  const outputs: readonly Output[] = [
    { item: `replay of ${events} events`, path: `/events/${events}`, place: 'events', events },
    { item: 'replay of 5 MB', path: '/document/5000000', place: 'result' },
  ];
  const figures: Figure[] = [];
  for (const output of outputs) {
    figures.push(...(await ofStore(plan, output, 'memory')));
    if (hasRedis) figures.push(...(await ofStore(plan, output, 'redis')));
  }
  return figures;
}

async function ofStore(plan: Plan, output: Output, mount: 'memory' | 'redis'): Promise<Figure[]> {
  const { item, path, place, events } = output;
  let bytes = 0;
  const figures = await compared(plan, {
    item,
    shown: [
      { measure: 'ms', title: 'rate', unit: 'MB/s', rate: (ms) => bytes / 1e3 / ms },
      { measure: 'cpuMs', title: 'CPU', unit: 'ms' },
    ],
    rounds: plan.quick ? 2 : 5,
    warmUps: plan.quick ? 1 : 2,
    async open() {
      const processes = await Processes.open(mount === 'redis');
      const client = processes.start<StreamClient>('stream-client.ts');
      const server = processes.server(mount);
      const headers = { 'Idempotency-Key': randomUUID() };
      const port = await server.ask('port');
      const run = await client.ask('start', { port, path, method: 'POST', headers });
      const replayed = `${run}/${place}`;
      const kept = await server.ask('keep', replayed);
      const first = await client.ask('read', { port, path: kept }, 1);
      bytes = first.bytes;
      const name = mount === 'memory' ? 'memory' : 'Redis';
      const side = sideOf(client, server, first.digest);
      const sides = [
        side(`Buffer beside ${name}`, kept, 10),
        side(name, replayed, 2),
        side(`Buffer beside ${name} (A/A)`, kept, 10),
      ];
      return { sides, close: () => processes.close() };
    },
  });
  if (events === undefined) return figures;
  return figures.map((figure) => {
    if (figure.unit !== 'MB/s') return figure;
    return { ...figure, note: `${((figure.value * 1e6 * events) / bytes).toFixed(0)} events/s` };
  });
}

function sideOf(client: Child<StreamClient>, server: Child<RunServer>, digest: string) {
  return (name: string, path: string, times: number): Side => ({
    name,
    async turn() {
      const port = await server.ask('port');
      const [read, cpuMs] = await withCpu(server, () => client.ask('read', { port, path }, times));
      if (read.digest !== digest) throw new Error(`${path} gave other bytes than at first`);
      return { ms: read.ms, cpuMs: cpuMs / times };
    },
  });
}
