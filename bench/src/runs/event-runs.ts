import { randomUUID } from 'node:crypto';
import { compared, type Side } from '../compared.js';
import { withCpu } from '../cpu.js';
import type { Figure, Plan } from '../figure.js';
import { Processes } from '../processes.js';
import type { Mount } from './run-server.js';
import type { StreamClient } from './stream-client.js';

/** Event streams that their handler writes without a pause, from the request to the last event. */
export function eventRuns(plan: Plan, hasRedis: boolean): Promise<Figure[]> {
  const events = plan.quick ? 2_000 : 10_000;
  const entrants: readonly (readonly [name: string, mount: Mount])[] = [
    ['bare', 'bare'],
    ['held', 'held'],
    ['run in memory', 'memory'],
    ...(hasRedis ? ([['run in Redis', 'redis']] as const) : []),
    ['bare (A/A)', 'bare'],
  ];
  return compared(plan, {
    item: `run of ${events} events`,
    shown: [
      { measure: 'ms', title: 'last event', unit: 'ms' },
      {
        measure: 'cpuMs',
        title: 'CPU',
        unit: 'µs/event',
        rate: (cpuMs) => (cpuMs * 1_000) / events,
      },
    ],
    rounds: plan.quick ? 3 : 5,
    warmUps: plan.quick ? 1 : 2,
    async open() {
      const processes = await Processes.open(hasRedis);
      const client = processes.start<StreamClient>('stream-client.ts');
      const sides = entrants.map(([name, mount]): Side => {
        const server = processes.server(mount);
        return {
          name,
          async turn() {
            const ask = {
              port: await server.ask('port'),
              path: `/events/${events}`,
              method: 'POST' as const,
              headers: { 'Idempotency-Key': randomUUID() },
            };
            const [ms, cpuMs] = await withCpu(server, () => client.ask('events', ask, events));
            return { ms, cpuMs };
          },
        };
      });
      return { sides, close: () => processes.close() };
    },
  });
}
