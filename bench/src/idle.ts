import type { Figure, Plan } from './figure.js';
import { alone } from './idle-alone.js';
import { besideBare } from './idle-beside-bare.js';
import { mostConnections } from './idle-group.js';

/** What responses cost that nothing happens on but a beat a second. */
export async function idle(plan: Plan): Promise<Figure[]> {
  const figures: Figure[] = [];
  // A limit may make two of them one.
  const counts = new Set(plan.connections.map((count) => Math.min(count, mostConnections())));
  for (const connections of counts) {
    if (!plan.connections.includes(connections)) {
      plan.say(`idle: ${connections} connections, for no process may have more files open`);
    }
    const own = [
      ...(await besideBare(plan, connections)),
      ...(await alone(plan, connections, 'bare', 'bare')),
      ...(await alone(plan, connections, 'held', 'holdOpen')),
      ...(await alone(plan, connections, 'better-sse', 'better-sse')),
    ];
    figures.push(...own.map((one) => ({ ...one, item: `idle ${connections}, ${one.item}` })));
  }
  return figures;
}
