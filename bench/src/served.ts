import type { Child } from './child.js';
import { compared, type Side } from './compared.js';
import { withCpu } from './cpu.js';
import type { Figure, Plan } from './figure.js';
import type { LoadClient } from './load-client.js';
import { Processes } from './processes.js';
import type { Served } from './serve.js';

/** One of the servers that are compared. */
export interface Contender {
  readonly name: string;
  readonly script: URL;
  readonly args: readonly string[];
}

export interface Service {
  readonly item: string;
  readonly unit: string;
  /** The first is the bare one, the last is it again. */
  readonly contenders: readonly Contender[];
  /** The most that the ratio may be, by name. */
  readonly targets: Readonly<Record<string, number>>;
  /** Into how many parts the CPU time of a turn is divided: requests, or events. */
  readonly parts: number;
  /** What one turn puts on a server. */
  load(client: Child<LoadClient>, port: number): Promise<unknown>;
}

/** CPU of servers in processes of their own, for each part of the same work. */
export function served(plan: Plan, service: Service): Promise<Figure[]> {
  const { item, unit, contenders, targets, parts, load } = service;
  return compared(plan, {
    item,
    shown: [{ measure: 'cpuUs', unit }],
    rounds: plan.quick ? 3 : 7,
    warmUps: 2,
    targets: { cpuUs: targets },
    async open() {
      const processes = await Processes.open(false);
      const client = processes.start<LoadClient>(new URL('load-client.ts', import.meta.url));
      const sides = contenders.map(({ name, script, args }): Side => {
        const server = processes.start<Served>(script, args);
        return {
          name,
          async turn() {
            const port = await server.ask('port');
            const [, cpuMs] = await withCpu(server, () => load(client, port));
            return { cpuUs: (cpuMs * 1_000) / parts };
          },
        };
      });
      return { sides, close: () => processes.close() };
    },
  });
}
