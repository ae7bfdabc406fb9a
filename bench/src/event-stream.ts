import { Child } from './child.js';
import type { Figure, Plan } from './figure.js';
import type { LoadClient } from './load-client.js';
import { type RunResult, repeated } from './repeated.js';
import type { MountName, RequestServer } from './request-server.js';
import { median } from './statistics.js';

const MOUNTS: readonly (readonly [name: string, mount: MountName])[] = [
  ['bare', 'bare'],
  ['held', 'listener'],
  ['again', 'bare'],
];

/** CPU per event of a stream that its handler writes without a pause: every write passes the tracker. */
export async function eventStream(plan: Plan): Promise<Figure[]> {
  const spreads = await repeated(
    { atLeast: plan.quick ? 2 : 4, atMost: plan.quick ? 2 : 4, limits: {} },
    (run) => once(plan, run),
  );
  const { bareUs, held, again } = spreads;
  if (bareUs === undefined || held === undefined || again === undefined) return [];
  return [
    {
      item: 'event stream: holdOpen(handler)',
      value: bareUs.median * held.median,
      unit: 'µs/event',
      ratio: held.median,
      spread: held,
      note: `${((held.median - 1) * bareUs.median * 1_000).toFixed(0)} ns above the bare ${(bareUs.median * 1_000).toFixed(0)} ns`,
    },
    {
      item: 'event stream: bare (A/A)',
      value: bareUs.median * again.median,
      unit: 'µs/event',
      ratio: again.median,
      spread: again,
    },
  ];
}

async function once(plan: Plan, run: number): Promise<RunResult> {
  const events = plan.quick ? 5_000 : 100_000;
  const rounds = plan.quick ? 3 : 9;
  const script = new URL('request-server.ts', import.meta.url);
  const client = new Child<LoadClient>(new URL('load-client.ts', import.meta.url));
  const servers = MOUNTS.map(([name, mount]) => {
    return {
      name,
      samples: [] as number[],
      server: new Child<RequestServer>(script, [mount, 'events']),
    };
  });
  try {
    for (let round = -2; round < rounds; round++) {
      for (let turn = 0; turn < servers.length; turn++) {
        const { server, samples } = servers[
          (turn + round + 3) % servers.length
        ] as (typeof servers)[0];
        const port = await server.ask('port');
        const beforeUs = await server.ask('cpuUs');
        const seen = await client.ask('events', port, events);
        const us = ((await server.ask('cpuUs')) - beforeUs) / events;
        // A text may lie across two chunks of the client's.
        if (seen < events * 0.98) throw new Error(`${seen} of ${events} events came`);
        if (round >= 0) samples.push(us);
      }
    }
  } finally {
    await Promise.all([client.stop(), ...servers.map(({ server }) => server.stop())]);
  }
  const [bare, held, again] = servers.map(({ samples }) => samples) as [
    number[],
    number[],
    number[],
  ];
  const result = {
    bareUs: median([...bare, ...again]),
    held: median(held.map((us, i) => (2 * us) / ((bare[i] ?? 0) + (again[i] ?? 0)))),
    again: median(again.map((us, i) => us / (bare[i] ?? 0))),
  };
  plan.say(
    `event stream, run ${run}: bare ${result.bareUs.toFixed(3)} µs, held ${result.held.toFixed(3)}, A/A ${result.again.toFixed(3)}`,
  );
  return result;
}
