import type { Figure, Plan } from './figure.js';
import { IDLE_TARGETS_AT } from './idle-group.js';
import type { IdleMode } from './idle-server.js';
import { BARE, BARE_AGAIN, HELD, idleWindow, type Side, slabKb } from './idle-window.js';
import { repeated } from './repeated.js';

const CPU_TARGET = 1.1;
const HEAP_ABOVE_TARGET_KB = 0.5;
const RUNS = 3;
/**
 * An empty process gives back, sooner or later, some 16 MB of what it was loaded with. Where that is much beside what
 * the connections take, the growth of its RSS says nothing of them.
 */
const RSS_FROM = 10_000;
/** Beats a second in one window. Two cores are busy with more, and who comes late then does so for want of a core. */
const MOST_BEATS = 50_000;
/** Beyond it only who matters most, or opening them all takes longer than the rest. */
const ALL_PEERS_UP_TO = 10_000;
/** The loop of streamSSE alone would fill a core beyond it. */
const SLOW_PEERS_UP_TO = 1_000;
/** Who is alive in the same window, two bare ones always: the held one in the first of them. */
function windowsFor(connections: number): Side[][] {
  const peers: IdleMode[] = ['better-sse'];
  if (connections <= ALL_PEERS_UP_TO)
    peers.push('@fastify/sse', 'sse-channel', 'node, setInterval');
  if (connections <= SLOW_PEERS_UP_TO) peers.push('hono streamSSE, loop');
  const others = [HELD, ...peers.map((mode) => ({ name: mode, mode }))];
  const atOnce = Math.max(1, Math.floor(MOST_BEATS / connections) - 2);
  const windows: Side[][] = [];
  for (let at = 0; at < others.length; at += atOnce) {
    windows.push([BARE, ...others.slice(at, at + atOnce), BARE_AGAIN]);
  }
  return windows;
}

/** CPU and memory: the held server and its peers, each in one window with two bare ones. */
export async function besideBare(
  plan: Plan,
  connections: number,
  isMost: boolean,
): Promise<Figure[]> {
  const windows = windowsFor(connections);
  // The bare ones of the other windows are the floor of these, and no rows of their own.
  const sides = [...windows.flatMap((own) => own.slice(0, -1)), BARE_AGAIN].filter(
    (side, index) => side !== BARE || index === 0,
  );
  const hasTarget = connections === IDLE_TARGETS_AT;
  const spread = await repeated(plan, { hasTarget, runs: RUNS }, async (run) => {
    const found: Record<string, number> = {};
    // The first stays, where two windows have found the same of bare.
    for (const own of windows) {
      const inWindow = await idleWindow(plan, connections, own, run);
      for (const [name, value] of Object.entries(inWindow)) found[name] ??= value;
    }
    return found;
  });
  const range = (name: string) => {
    const own = spread(name);
    return { value: own.mean, spread: own };
  };
  const series = (chart: string, { name, mode }: Side) =>
    // The second bare one is noise, and no line of its own.
    name === BARE_AGAIN.name
      ? {}
      : { series: { chart, line: mode === 'held' ? 'holdOpen' : name, at: connections } };

  const cpu = sides.map((side): Figure => {
    const base = {
      item: `CPU per beat: ${side.name}`,
      unit: 'µs',
      ...series('CPU per beat, µs', side),
    };
    const floorUs = spread('bareUs').mean;
    if (side === BARE) return { ...base, value: floorUs };
    const ratio = spread(`cpu of ${side.name}`);
    return {
      ...base,
      value: floorUs * ratio.mean,
      ratio: ratio.mean,
      spread: ratio,
      ...(side === HELD && hasTarget ? { target: { of: 'ratio', atMost: CPU_TARGET } } : {}),
    };
  });
  const kinds = connections >= RSS_FROM || isMost ? ['heap', 'RSS'] : ['heap'];
  const memory = kinds.flatMap((kind) =>
    sides.map(
      (side): Figure => ({
        item: `${kind} per connection: ${side.name}`,
        unit: 'KB',
        ...range(`${kind} of ${side.name}`),
        ...series(`${kind} per connection, KB`, side),
      }),
    ),
  );
  const above: Figure = {
    item: 'heap per connection above bare: holdOpen',
    unit: 'KB',
    ...range('heap above'),
    ...(hasTarget ? { target: { of: 'value', atMost: HEAP_ABOVE_TARGET_KB } } : {}),
  };
  const conditions: Figure[] = [
    { item: 'RSS of the empty process: holdOpen', unit: 'MB', ...range('RSS empty') },
    {
      item: 'processors busy in the window of holdOpen',
      unit: '%',
      ...range('busy'),
      note: 'all that runs on the machine; where none is idle, what waits for one comes late',
    },
    {
      item: 'beats that came, of those due: holdOpen',
      unit: '%',
      ...range('beats'),
    },
  ];
  if (slabKb() !== undefined) {
    conditions.push({
      item: 'kernel memory per socket',
      unit: 'KB',
      ...range('kernel'),
      note: 'of the whole machine (Slab in /proc/meminfo), by the sockets of both ends',
    });
  }
  return [...cpu, ...memory, above, ...conditions];
}
