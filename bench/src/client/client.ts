import type { Child } from '../child.js';
import { compared, type Side } from '../compared.js';
import { withCpu } from '../cpu.js';
import type { Figure, Plan } from '../figure.js';
import { Processes } from '../processes.js';
import type { Served } from '../serve.js';
import type { Caller, Way } from './caller.js';

const CLIENT = '@holdopen/client';
/** Documents that are asked for at a time. */
const WIDTH = 8;

/** What it costs the caller to have its answers watched. */
export async function client(plan: Plan): Promise<Figure[]> {
  const documents = plan.quick ? 200 : 800;
  const events = plan.quick ? 5_000 : 100_000;
  return [
    ...(await reading(plan, {
      item: 'JSON with a length',
      parts: documents,
      atMost: 1.1,
      read: (caller, url) => caller.ask('documents', `${url}/sized`, documents, WIDTH),
    })),
    ...(await reading(plan, {
      item: 'JSON without a length',
      parts: documents,
      atMost: 1.45,
      read: (caller, url) => caller.ask('documents', `${url}/chunked`, documents, WIDTH),
    })),
    ...(await reading(plan, {
      item: `${events} events`,
      parts: events,
      atMost: 1.1,
      read: (caller, url) => caller.ask('events', `${url}/events/${events}`, events),
    })),
  ];
}

interface Reading {
  readonly item: string;
  readonly parts: number;
  readonly atMost: number;
  read(caller: Child<Caller>, url: string): Promise<number>;
}

function reading(plan: Plan, { item, parts, atMost, read }: Reading): Promise<Figure[]> {
  return compared(plan, {
    item,
    shown: [
      { measure: 'cpuUs', title: 'CPU each', unit: 'µs' },
      { measure: 'us', title: 'time each', unit: 'µs' },
    ],
    rounds: plan.quick ? 2 : 7,
    warmUps: plan.quick ? 1 : 2,
    targets: { cpuUs: { [CLIENT]: atMost } },
    async open() {
      const processes = await Processes.open(false);
      const place = new URL('.', import.meta.url);
      const server = processes.start<Served>(new URL('answers-server.ts', place));
      const url = `http://127.0.0.1:${await server.ask('port')}`;
      const side = (name: string, way: Way): Side => {
        const caller = processes.start<Caller>(new URL('caller.ts', place), [way]);
        return {
          name,
          async turn() {
            const [ms, cpuMs] = await withCpu(caller, () => read(caller, url));
            return { us: (ms * 1_000) / parts, cpuUs: (cpuMs * 1_000) / parts };
          },
        };
      };
      const sides = [side('fetch', 'fetch'), side(CLIENT, 'client'), side('fetch (A/A)', 'fetch')];
      return { sides, close: () => processes.close() };
    },
  });
}
