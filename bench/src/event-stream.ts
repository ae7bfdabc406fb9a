import type { Figure, Plan } from './figure.js';
import { repeated } from './repeated.js';
import { type Contender, takeTurns } from './take-turns.js';

/** CPU per event of a stream that its handler writes without a pause: every write passes the tracker. */
export async function eventStream(plan: Plan): Promise<Figure[]> {
  const script = new URL('request-server.ts', import.meta.url);
  const contenders: Contender[] = [
    { name: 'bare', script, args: ['bare', 'events'] },
    { name: 'holdOpen(handler)', script, args: ['listener', 'events'] },
    { name: 'bare (A/A)', script, args: ['bare', 'events'] },
  ];
  return eventFigures(plan, 'event stream', contenders, {});
}

/** One figure for each contender but the bare one. `targets`: by name. */
export async function eventFigures(
  plan: Plan,
  item: string,
  contenders: readonly Contender[],
  targets: Readonly<Record<string, number>>,
): Promise<Figure[]> {
  const events = plan.quick ? 5_000 : 100_000;
  const spreads = await repeated(
    { atLeast: plan.quick ? 2 : 4, atMost: plan.quick ? 2 : 6, limits: targets },
    async (run) => {
      const { bareUs, ratios } = await takeTurns({
        contenders,
        rounds: plan.quick ? 3 : 7,
        async load(client, port) {
          const seen = await client.ask('events', port, events);
          // A text may lie across two chunks of the client's.
          if (seen < events * 0.98) throw new Error(`${seen} of ${events} events came`);
          return events;
        },
      });
      const shown = Object.entries(ratios).map(([name, ratio]) => `${name} ${ratio.toFixed(3)}`);
      plan.say(`${item}, run ${run}: bare ${bareUs.toFixed(3)} µs, ${shown.join(', ')}`);
      return { bareUs, ...ratios };
    },
  );
  const us = spreads.bareUs?.median ?? Number.NaN;
  return contenders.slice(1).flatMap(({ name }): Figure[] => {
    const spread = spreads[name];
    if (spread === undefined) return [];
    const target = targets[name];
    return [
      {
        item: `${item}: ${name}`,
        value: us * spread.median,
        unit: 'µs/event',
        ratio: spread.median,
        spread,
        note: `${((spread.median - 1) * us * 1_000).toFixed(0)} ns above the bare ${(us * 1_000).toFixed(0)} ns`,
        ...(target === undefined ? {} : { target: { of: 'ratio' as const, atMost: target } }),
      },
    ];
  });
}
