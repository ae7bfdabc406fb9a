import type { Figure, Plan } from './figure.js';
import { type RunResult, repeated } from './repeated.js';
import type { HandlerName, MountName } from './request-server.js';
import { type Contender, takeTurns } from './take-turns.js';

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

/** One figure for each contender but the bare one. */
export async function requestFigures(
  plan: Plan,
  item: string,
  contenders: readonly Contender[],
  target: number,
): Promise<Figure[]> {
  const requests = plan.quick ? 1_000 : 5_000;
  const held = contenders.slice(1, -1).map(({ name }) => name);
  const spreads = await repeated(
    {
      atLeast: plan.quick ? 2 : 4,
      atMost: plan.quick ? 2 : 8,
      limits: Object.fromEntries(held.map((name) => [name, target])),
    },
    async (run): Promise<RunResult> => {
      const { bareUs, ratios } = await takeTurns({
        contenders,
        rounds: plan.quick ? 3 : 7,
        async load(client, port) {
          await client.ask('load', { port, connections: CONNECTIONS, requests });
          return requests;
        },
      });
      const shown = Object.entries(ratios).map(([name, ratio]) => `${name} ${ratio.toFixed(3)}`);
      plan.say(`${item}, run ${run}: bare ${bareUs.toFixed(2)} µs, ${shown.join(', ')}`);
      return { bareUs, ...ratios };
    },
  );
  const us = spreads.bareUs?.median ?? Number.NaN;
  return contenders.slice(1).flatMap(({ name }): Figure[] => {
    const spread = spreads[name];
    if (spread === undefined) return [];
    return [
      {
        item: `${item}: ${name}`,
        value: us * spread.median,
        unit: 'µs/request',
        ratio: spread.median,
        spread,
        ...(held.includes(name) ? { target: { of: 'ratio' as const, atMost: target } } : {}),
      },
    ];
  });
}
