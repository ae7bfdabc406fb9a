import { Child } from './child.js';
import type { LoadClient } from './load-client.js';
import type { RequestServer } from './request-server.js';
import { median } from './statistics.js';

/** One of the servers that are compared. */
export interface Contender {
  readonly name: string;
  readonly script: URL;
  readonly args: readonly string[];
}

export interface Turns {
  /** The first is the bare one, the last is it again. */
  readonly contenders: readonly Contender[];
  readonly rounds: number;
  /** What one turn puts on a server, and into how many parts its CPU time is divided. */
  load(client: Child<LoadClient>, port: number): Promise<number>;
}

export interface TurnsResult {
  /** Microseconds of CPU for one part, of the bare server. */
  readonly bareUs: number;
  /** By name: to the mean of the two bare ones of the same round. */
  readonly ratios: Readonly<Record<string, number>>;
}

const WARM_UP_ROUNDS = 2;

/** All servers live at once and take turns; each round begins with another one. */
export async function takeTurns({ contenders, rounds, load }: Turns): Promise<TurnsResult> {
  const client = new Child<LoadClient>(new URL('load-client.ts', import.meta.url));
  const servers = contenders.map(({ name, script, args }) => ({
    name,
    samples: [] as number[],
    server: new Child<RequestServer>(script, [...args]),
  }));
  try {
    for (let round = -WARM_UP_ROUNDS; round < rounds; round += 1) {
      for (let turn = 0; turn < servers.length; turn += 1) {
        const index = (turn + round + WARM_UP_ROUNDS) % servers.length;
        const { server, samples } = servers[index] as (typeof servers)[0];
        const port = await server.ask('port');
        const beforeUs = await server.ask('cpuUs');
        const parts = await load(client, port);
        const us = ((await server.ask('cpuUs')) - beforeUs) / parts;
        if (round >= 0) samples.push(us);
      }
    }
  } finally {
    await Promise.all([client.stop(), ...servers.map(({ server }) => server.stop())]);
  }
  const bare = servers[0]?.samples ?? [];
  const again = servers.at(-1)?.samples ?? [];
  const ratios = servers.slice(1).map(({ name, samples }, index) => {
    const isAgain = index === servers.length - 2;
    const floor = (round: number): number =>
      isAgain ? (bare[round] ?? 0) : ((bare[round] ?? 0) + (again[round] ?? 0)) / 2;
    return [name, median(samples.map((us, round) => us / floor(round)))] as const;
  });
  return { bareUs: median([...bare, ...again]), ratios: Object.fromEntries(ratios) };
}
