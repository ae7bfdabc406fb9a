import type { Figure, Plan } from './figure.js';
import { alone } from './idle-alone.js';
import { besideBare } from './idle-beside-bare.js';
import { mostConnections } from './idle-group.js';

/** What responses cost that nothing happens on but a beat a second. */
export async function idle(plan: Plan): Promise<Figure[]> {
  const figures: Figure[] = [];
  const most = mostConnections();
  // The limit may make two of them one.
  const counts = new Set(plan.connections.map((count) => Math.min(count, most)));
  for (const connections of plan.connections) {
    if (connections > most) {
      plan.leaveOut(
        `${connections.toLocaleString('en')} connections: ${most.toLocaleString('en')} instead, for no process may have more files open (ulimit -Hn)`,
      );
    }
  }
  for (const connections of counts) {
    const own = [
      ...(await besideBare(plan, connections, connections === Math.max(...counts))),
      ...(await alone(plan, connections, 'bare', 'bare')),
      ...(await alone(plan, connections, 'held', 'holdOpen')),
      ...(await alone(plan, connections, 'better-sse', 'better-sse')),
    ];
    figures.push(...own.map((one) => ({ ...one, item: `idle ${connections}, ${one.item}` })));
  }
  return figures;
}
