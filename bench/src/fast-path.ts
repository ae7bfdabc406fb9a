import { Child } from './child.js';
import type { Figure, Plan } from './figure.js';
import type { LoadClient } from './load-client.js';
import { type RunResult, repeated } from './repeated.js';
import type { HandlerName, MountName, RequestServer } from './request-server.js';
import { median } from './statistics.js';

const TARGET = 1.05;
const CONNECTIONS = 32;
const MOUNTS: readonly (readonly [name: string, mount: MountName])[] = [
  ['bare', 'bare'],
  ['listener', 'listener'],
  ['again', 'bare'],
  ['middleware', 'middleware'],
];

/** CPU per request of a handler that answers at once, with and without holdopen around it. */
export async function fastPath(plan: Plan): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const handler of ['sync', 'async'] as const) {
    const spreads = await repeated(
      {
        atLeast: plan.quick ? 2 : 4,
        atMost: plan.quick ? 2 : 8,
        limits: { listener: TARGET, middleware: TARGET },
      },
      (run) => once(plan, handler, run),
    );
    const us = spreads.bareUs?.median ?? Number.NaN;
    const names = { listener: 'holdOpen(handler)', middleware: 'middleware', again: 'bare (A/A)' };
    for (const [name, title] of Object.entries(names)) {
      const spread = spreads[name];
      if (spread === undefined) continue;
      figures.push({
        item: `fast path, ${handler}: ${title}`,
        value: us * spread.median,
        unit: 'µs/request',
        ratio: spread.median,
        spread,
        ...(name === 'again' ? {} : { target: { of: 'ratio', atMost: TARGET } }),
      });
    }
  }
  return figures;
}

/** All servers live at once and take turns; each round begins with another one. */
async function once(plan: Plan, handler: HandlerName, run: number): Promise<RunResult> {
  const requests = plan.quick ? 2_000 : 20_000;
  const rounds = plan.quick ? 3 : 9;
  const script = new URL('request-server.ts', import.meta.url);
  const client = new Child<LoadClient>(new URL('load-client.ts', import.meta.url));
  const servers = MOUNTS.map(([name, mount]) => {
    return {
      name,
      samples: [] as number[],
      server: new Child<RequestServer>(script, [mount, handler]),
    };
  });
  try {
    for (let round = -2; round < rounds; round++) {
      for (let turn = 0; turn < servers.length; turn++) {
        const { server, samples } = servers[
          (turn + round + 4) % servers.length
        ] as (typeof servers)[0];
        const port = await server.ask('port');
        const beforeUs = await server.ask('cpuUs');
        await client.ask('load', { port, connections: CONNECTIONS, requests });
        const us = ((await server.ask('cpuUs')) - beforeUs) / requests;
        if (round >= 0) samples.push(us);
      }
    }
  } finally {
    await Promise.all([client.stop(), ...servers.map(({ server }) => server.stop())]);
  }
  const samplesOf = (name: string) => servers.find((one) => one.name === name)?.samples ?? [];
  const bare = samplesOf('bare');
  const again = samplesOf('again');
  // Round by round, to the mean of the two bare ones of that round.
  const ratio = (name: string) =>
    median(
      samplesOf(name).map(
        (us, i) => (2 * us) / ((bare[i] ?? Number.NaN) + (again[i] ?? Number.NaN)),
      ),
    );
  const result = {
    bareUs: median([...bare, ...again]),
    listener: ratio('listener'),
    middleware: ratio('middleware'),
    again: median(again.map((us, i) => us / (bare[i] ?? Number.NaN))),
  };
  plan.say(
    `fast path, ${handler}, run ${run}: bare ${result.bareUs.toFixed(2)} µs, listener ${result.listener.toFixed(3)}, middleware ${result.middleware.toFixed(3)}, A/A ${result.again.toFixed(3)}`,
  );
  return result;
}
