import type { Figure, Plan } from './figure.js';
import type { HandlerName, MountName } from './request-server.js';
import { type Contender, served } from './served.js';

const TARGET = 1.05;
const CONNECTIONS = 32;
const MOUNTS: readonly (readonly [title: string, mount: MountName])[] = [
  ['bare', 'bare'],
  ['holdOpen(handler)', 'listener'],
  ['middleware', 'middleware'],
  ['bare (A/A)', 'bare'],
];

/** CPU per request of a handler that answers at once, with and without holdopen around it. */
export async function fastPath(plan: Plan): Promise<Figure[]> {
  const script = new URL('request-server.ts', import.meta.url);
  const figures: Figure[] = [];
  for (const handler of ['sync', 'async'] satisfies HandlerName[]) {
    const contenders = MOUNTS.map(([name, mount]) => ({ name, script, args: [mount, handler] }));
    figures.push(...(await requestFigures(plan, `fast path, ${handler}`, contenders, TARGET)));
  }
  return figures;
}

/** JSON that is ready at once, over connections that are kept. `atMost`: for all but the bare ones. */
export function requestFigures(
  plan: Plan,
  item: string,
  contenders: readonly Contender[],
  atMost: number,
): Promise<Figure[]> {
  const requests = plan.quick ? 1_000 : 5_000;
  const held = contenders.slice(1, -1).map(({ name }) => name);
  return served(plan, {
    item,
    unit: 'µs/request',
    contenders,
    targets: Object.fromEntries(held.map((name) => [name, atMost])),
    parts: requests,
    load: (client, port) => client.ask('load', { port, connections: CONNECTIONS, requests }),
  });
}
