import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Figure, Plan } from './figure.js';
import { IDLE_INTERVAL_MS, IDLE_TARGETS_AT, IdleGroup } from './idle-group.js';
import type { IdleMode } from './idle-server.js';
import { type RunResult, repeated } from './repeated.js';

const CPU_TARGET = 1.1;
const HEAP_ABOVE_TARGET_KB = 0.5;
const KIB = 1_024;
/** Beyond it only who matters most, or opening them all takes longer than the rest. */
const ALL_PEERS_UP_TO = 10_000;
/** The loop of streamSSE alone would fill a core beyond it. */
const SLOW_PEERS_UP_TO = 1_000;

interface Side {
  readonly name: string;
  readonly mode: IdleMode;
}

const BARE: Side = { name: 'bare', mode: 'bare' };
const BARE_AGAIN: Side = { name: 'bare (A/A)', mode: 'bare' };
const HELD: Side = { name: 'holdOpen', mode: 'held' };

function sidesFor(connections: number): Side[] {
  const peers: IdleMode[] = ['better-sse'];
  if (connections <= ALL_PEERS_UP_TO)
    peers.push('@fastify/sse', 'sse-channel', 'node, setInterval');
  if (connections <= SLOW_PEERS_UP_TO) peers.push('hono streamSSE, loop');
  return [BARE, HELD, ...peers.map((mode) => ({ name: mode, mode })), BARE_AGAIN];
}

/** CPU and memory: the held server, its peers and two bare ones, all alive in the same windows. */
export async function besideBare(plan: Plan, connections: number): Promise<Figure[]> {
  const sides = sidesFor(connections);
  const hasTarget = connections === IDLE_TARGETS_AT;
  const spreads = await repeated(
    {
      atLeast: plan.quick ? 1 : 3,
      atMost: plan.quick ? 1 : 4,
      limits: plan.quick || !hasTarget ? {} : { 'cpu of holdOpen': CPU_TARGET },
    },
    (run) => window(plan, connections, sides, run),
  );
  const spread = (name: string) => {
    const found = spreads[name];
    if (found === undefined) throw new Error(`idle: no ${name}`);
    return found;
  };
  const range = (name: string) => {
    const { min, median, max, samples } = spread(name);
    return { value: median, spread: { min, median, max, samples } };
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
    const floorUs = spread('bareUs').median;
    if (side === BARE) return { ...base, value: floorUs };
    const ratio = spread(`cpu of ${side.name}`);
    return {
      ...base,
      value: floorUs * ratio.median,
      ratio: ratio.median,
      spread: ratio,
      ...(side === HELD && hasTarget ? { target: { of: 'ratio', atMost: CPU_TARGET } } : {}),
    };
  });
  const memory = (['heap', 'RSS'] as const).flatMap((kind) =>
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
  const empty: Figure = {
    item: 'RSS of the empty process: holdOpen',
    unit: 'MB',
    ...range('RSS empty'),
  };
  const kernel: Figure = {
    item: 'kernel memory per socket',
    unit: 'KB',
    ...range('kernel'),
    note: 'of the whole machine (Slab in /proc/meminfo), by the sockets of both ends',
  };
  const hasKernel = Number.isFinite(kernel.value);
  return [...cpu, ...memory, above, empty, ...(hasKernel ? [kernel] : [])];
}

async function window(
  plan: Plan,
  connections: number,
  sides: readonly Side[],
  run: number,
): Promise<RunResult> {
  const groups = sides.map(({ mode }) => new IdleGroup(mode, connections));
  try {
    const before = await Promise.all(groups.map((group) => group.memory()));
    const slabBeforeKb = slabKb();
    // One after the other: all at once they keep each other from the processor until somebody gives up.
    for (const group of groups) await group.open();
    const sockets = 2 * connections * groups.length;
    const kernelKb = (slabKb() - slabBeforeKb) / sockets;
    // The phases of the held ones settle with their second beat.
    await sleep(3 * IDLE_INTERVAL_MS);
    const first = await Promise.all(groups.map((group) => group.usage()));
    await sleep(plan.quick ? 2_000 : 12_000);
    const last = await Promise.all(groups.map((group) => group.usage()));
    const after = await Promise.all(groups.map((group) => group.memory()));
    await Promise.all(groups.map((group) => group.close()));

    const result: Record<string, number> = {};
    const us = first.map((start, i) => {
      const end = last[i] ?? start;
      return (end.cpuUs - start.cpuUs) / (end.beats - start.beats);
    });
    const bareUs = us[0] ?? Number.NaN;
    const floorUs = (bareUs + (us.at(-1) ?? Number.NaN)) / 2;
    result.bareUs = floorUs;
    for (const [i, { name }] of sides.entries()) {
      result[`cpu of ${name}`] =
        (us[i] ?? Number.NaN) / (name === BARE_AGAIN.name ? bareUs : floorUs);
      for (const [kind, field] of [
        ['heap', 'heapUsed'],
        ['RSS', 'rss'],
      ] as const) {
        const grown = (after[i]?.[field] ?? Number.NaN) - (before[i]?.[field] ?? Number.NaN);
        result[`${kind} of ${name}`] = grown / connections / KIB;
      }
    }
    const heap = (name: string): number => result[`heap of ${name}`] ?? Number.NaN;
    result['heap above'] = heap(HELD.name) - (heap(BARE.name) + heap(BARE_AGAIN.name)) / 2;
    result.kernel = kernelKb;
    result['RSS empty'] = (before[sides.indexOf(HELD)]?.rss ?? Number.NaN) / KIB / KIB;
    const ratios = sides
      .slice(1)
      .map(({ name }) => `${name} ${result[`cpu of ${name}`]?.toFixed(3)}`);
    plan.say(
      `idle ${connections}, run ${run}: bare ${floorUs.toFixed(2)} µs a beat, ${ratios.join(', ')}`,
    );
    return result;
  } finally {
    await Promise.all(groups.map((group) => group.stop()));
  }
}

/** What the kernel keeps for its own objects, sockets among them. Only Linux says. */
function slabKb(): number {
  try {
    const [, kb] = /^Slab:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8')) ?? [];
    return Number(kb ?? Number.NaN);
  } catch {
    return Number.NaN;
  }
}
