import { setTimeout as sleep } from 'node:timers/promises';
import type { Figure, Plan } from './figure.js';
import { IdleGroup, mostConnections } from './idle-group.js';
import type { IdleMode } from './idle-server.js';
import { repeated } from './repeated.js';
import { slope } from './statistics.js';

const INTERVAL_MS = 1_000;
const CPU_TARGET = 1.1;
const KIB = 1_024;
const MIB = 1_024 * KIB;

/** What responses cost that nothing happens on but a beat a second. */
export async function idle(plan: Plan): Promise<Figure[]> {
  const connections = Math.min(plan.connections, mostConnections());
  if (connections < plan.connections) {
    plan.say(`idle: ${connections} connections, for no process may have more files open`);
  }
  const figures = [
    ...(await besideBare(plan, connections)),
    ...(await alone(plan, connections, 'bare')),
    ...(await alone(plan, connections, 'held')),
  ];
  return figures.map((figure) => ({ ...figure, item: `idle ${connections}: ${figure.item}` }));
}

/** CPU and memory: the held server and two bare ones, all alive in the same windows. */
async function besideBare(plan: Plan, connections: number): Promise<Figure[]> {
  const spreads = await repeated(
    {
      atLeast: plan.quick ? 1 : 3,
      atMost: plan.quick ? 1 : 6,
      limits: plan.quick ? {} : { cpu: CPU_TARGET },
    },
    (run) => window(plan, connections, run),
  );
  const spread = (name: string) => {
    const found = spreads[name];
    if (found === undefined) throw new Error(`idle: no ${name}`);
    return found;
  };
  const bareUs = spread('bareUs').median;
  const memory = (name: string, unit: string) => {
    const { min, median, max, samples } = spread(name);
    return { value: median, unit, spread: { min, median, max, samples } };
  };
  return [
    {
      item: 'CPU per beat',
      value: bareUs * spread('cpu').median,
      unit: 'µs',
      ratio: spread('cpu').median,
      spread: spread('cpu'),
      target: { of: 'ratio', atMost: CPU_TARGET },
    },
    {
      item: 'CPU per beat, bare (A/A)',
      value: bareUs * spread('cpuAgain').median,
      unit: 'µs',
      ratio: spread('cpuAgain').median,
      spread: spread('cpuAgain'),
    },
    {
      item: 'heap per connection above bare',
      ...memory('heapAbove', 'KB'),
      target: { of: 'value', atMost: 0.5 },
      note: `bare has ${spread('bareHeap').median.toFixed(2)} KB; two bare servers differ by ${spread('heapAgain').median.toFixed(2)} KB`,
    },
    {
      item: 'RSS per connection above bare',
      ...memory('rssAbove', 'KB'),
      note: `bare has ${spread('bareRss').median.toFixed(2)} KB; two bare servers differ by ${spread('rssAgain').median.toFixed(2)} KB`,
    },
  ];
}

async function window(plan: Plan, connections: number, run: number) {
  const windows = plan.quick ? 2 : 8;
  const windowMs = plan.quick ? 1_000 : 4_000;
  const groups = (['bare', 'held', 'bare'] as const).map(
    (mode) => new IdleGroup(mode, connections, INTERVAL_MS),
  );
  try {
    const before = await Promise.all(groups.map((group) => group.memory()));
    await Promise.all(groups.map((group) => group.open()));
    // The phases of the held ones settle with their second beat.
    await sleep(3 * INTERVAL_MS);
    const first = await Promise.all(groups.map((group) => group.usage()));
    for (let i = 0; i < windows; i++) await sleep(windowMs);
    const last = await Promise.all(groups.map((group) => group.usage()));
    const after = await Promise.all(groups.map((group) => group.memory()));
    await Promise.all(groups.map((group) => group.close()));

    const [bareUs, heldUs, againUs] = first.map((start, i) => {
      const end = last[i] ?? start;
      return (end.cpuUs - start.cpuUs) / (end.beats - start.beats);
    }) as [number, number, number];
    const perConnection = (what: 'heapUsed' | 'rss') =>
      before.map(
        (start, i) => ((after[i]?.[what] ?? Number.NaN) - start[what]) / connections / KIB,
      ) as [number, number, number];
    const [bareHeap, heldHeap, againHeap] = perConnection('heapUsed');
    const [bareRss, heldRss, againRss] = perConnection('rss');
    const result = {
      bareUs: (bareUs + againUs) / 2,
      cpu: (2 * heldUs) / (bareUs + againUs),
      cpuAgain: againUs / bareUs,
      bareHeap: (bareHeap + againHeap) / 2,
      heapAbove: heldHeap - (bareHeap + againHeap) / 2,
      heapAgain: againHeap - bareHeap,
      bareRss: (bareRss + againRss) / 2,
      rssAbove: heldRss - (bareRss + againRss) / 2,
      rssAgain: againRss - bareRss,
    };
    plan.say(
      `idle, run ${run}: bare ${result.bareUs.toFixed(2)} µs a beat, held ${result.cpu.toFixed(3)}, A/A ${result.cpuAgain.toFixed(3)}, heap +${result.heapAbove.toFixed(3)} KB`,
    );
    return result;
  } finally {
    await Promise.all(groups.map((group) => group.stop()));
  }
}

/** Lateness, and for the held one the heap over a minute: with no other server to be in its way. */
async function alone(plan: Plan, connections: number, mode: IdleMode): Promise<Figure[]> {
  const group = new IdleGroup(mode, connections, INTERVAL_MS);
  try {
    const before = await group.memory();
    await group.open();
    await sleep(3 * INTERVAL_MS);
    const late = await group.lateness(() => sleep(plan.quick ? 2_000 : 20_000));
    const isHeld = mode === 'held';
    const target = (atMost: number) =>
      isHeld ? ({ target: { of: 'value', atMost } } as const) : {};
    const figures: Figure[] = [
      { item: `${mode}, lateness of beats p50`, value: late.p50Ms, unit: 'ms' },
      { item: `${mode}, lateness of beats p99`, value: late.p99Ms, unit: 'ms', ...target(10) },
      {
        item: `${mode}, event loop held up at most`,
        value: late.loopMaxMs,
        unit: 'ms',
        ...target(50),
      },
    ];
    if (isHeld) figures.push(await soak(plan, group));
    await group.close();
    await sleep(plan.quick ? 500 : 3_000);
    const left = (await group.memory()).heapUsed - before.heapUsed;
    figures.push({ item: `${mode}, heap left after closing all`, value: left / MIB, unit: 'MB' });
    plan.say(
      `idle, ${mode} alone: late ${late.p50Ms}/${late.p99Ms} ms, loop ${late.loopMaxMs.toFixed(1)} ms`,
    );
    return figures;
  } finally {
    await group.stop();
  }
}

async function soak(plan: Plan, group: IdleGroup): Promise<Figure> {
  const samples = plan.quick ? 3 : 11;
  const pauseMs = plan.quick ? 500 : 6_000;
  const atMinutes: number[] = [];
  const heapMb: number[] = [];
  for (let i = 0; i < samples; i++) {
    if (i > 0) await sleep(pauseMs);
    const { heapUsed } = await group.memory();
    atMinutes.push(performance.now() / 60_000);
    heapMb.push(heapUsed / MIB);
  }
  const perMinute = slope(atMinutes, heapMb);
  return {
    item: 'held, heap growth',
    value: perMinute,
    unit: 'MB/min',
    target: { of: 'value', atMost: 0.2 },
    note: `${samples} samples after gc: ${heapMb.map((mb) => mb.toFixed(2)).join(', ')} MB`,
  };
}
