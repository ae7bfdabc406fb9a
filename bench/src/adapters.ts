import type { AdapterName } from './adapter-server.js';
import { eventFigures } from './event-stream.js';
import { requestFigures } from './fast-path.js';
import type { Figure, Plan } from './figure.js';
import type { Contender } from './served.js';

const SCRIPT = new URL('adapter-server.ts', import.meta.url);
const FAST_PATH_TARGET = 1.05;
/** The Node response is held below Hono, so an event costs what it costs there. */
const HONO_EVENTS_TARGET = 1.1;
/** Nothing but Web streams: each chunk passes one more of them. */
const FETCH_EVENTS_TARGET = 1.6;

function contenders(adapter: AdapterName, handler: string): Contender[] {
  const bare = { script: SCRIPT, args: [adapter, 'bare', handler] };
  return [
    { name: 'bare', ...bare },
    { name: 'holdOpen', script: SCRIPT, args: [adapter, 'held', handler] },
    { name: 'bare (A/A)', ...bare },
  ];
}

/**
 * CPU per request and per event in each framework. Bare is the framework with an empty middleware
 * where holdopen is one, and by itself elsewhere.
 */
export async function adapters(plan: Plan): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const adapter of ['express', 'fastify', 'hono', 'fetch'] satisfies AdapterName[]) {
    const pair = contenders(adapter, 'json');
    figures.push(...(await requestFigures(plan, `${adapter}, fast path`, pair, FAST_PATH_TARGET)));
  }
  for (const [adapter, target] of [
    ['hono', HONO_EVENTS_TARGET],
    ['fetch', FETCH_EVENTS_TARGET],
  ] as const) {
    const targets = { holdOpen: target };
    const pair = contenders(adapter, 'events');
    figures.push(...(await eventFigures(plan, `${adapter}, event stream`, pair, targets)));
  }
  return figures;
}
