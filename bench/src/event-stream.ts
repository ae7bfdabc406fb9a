import type { Figure, Plan } from './figure.js';
import { type Contender, served } from './served.js';

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

/** One figure for each contender. `targets`: by name. */
export async function eventFigures(
  plan: Plan,
  item: string,
  contenders: readonly Contender[],
  targets: Readonly<Record<string, number>>,
): Promise<Figure[]> {
  const events = plan.quick ? 5_000 : 100_000;
  const figures = await served(plan, {
    item,
    unit: 'µs/event',
    contenders,
    targets,
    parts: events,
    load: (client, port) => client.ask('events', port, events),
  });
  return figures.map((figure) => {
    if (figure.ratio === undefined) return figure;
    const bareUs = figure.value / figure.ratio;
    return { ...figure, note: `${((figure.value - bareUs) * 1_000).toFixed(0)} ns above bare` };
  });
}
