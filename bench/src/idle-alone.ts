import { setTimeout as sleep } from 'node:timers/promises';
import type { Figure, Plan } from './figure.js';
import { IDLE_INTERVAL_MS, IDLE_TARGETS_AT, IdleGroup } from './idle-group.js';
import type { IdleMode } from './idle-server.js';
import { repeated } from './repeated.js';
import { slope } from './statistics.js';

const MIB = 1_024 * 1_024;
/** In fresh processes, where there is a target. */
const RUNS = 3;

/** Lateness, and for the held one the heap over a minute: with no other server to be in its way. */
export async function alone(
  plan: Plan,
  connections: number,
  mode: IdleMode,
  name: string,
): Promise<Figure[]> {
  const isHeld = mode === 'held';
  const hasTargets = isHeld && connections === IDLE_TARGETS_AT;
  let growth: Figure | undefined;
  const spread = await repeated(
    plan,
    { hasTarget: hasTargets, runs: hasTargets ? RUNS : 1 },
    async (run) => {
      const group = new IdleGroup(mode, connections);
      try {
        await group.warmUp();
        const before = await group.memory();
        await group.open();
        await sleep(3 * IDLE_INTERVAL_MS);
        const late = await group.lateness(() => sleep(plan.quick ? 2_000 : 8_000));
        // A minute of it is made once, at one number of connections.
        if (run === 1 && (hasTargets || (isHeld && plan.quick))) {
          growth = await heapGrowth(plan, group, name);
        }
        await group.close();
        await sleep(plan.quick ? 500 : 3_000);
        const leftMb = ((await group.memory()).heapUsed - before.heapUsed) / MIB;
        plan.say(
          `idle ${connections}, ${name} alone, run ${run}: late ${late.p50Ms}/${late.p99Ms} ms, loop ${late.loopMaxMs.toFixed(1)} ms, of the clients ${late.clientsLoopMaxMs.toFixed(1)} ms`,
        );
        return { ...late, leftMb };
      } finally {
        await group.stop();
      }
    },
  );
  const figure = (item: string, measure: string, unit: string, atMost?: number): Figure => {
    const own = spread(measure);
    return {
      item: `${item}: ${name}`,
      value: own.mean,
      unit,
      ...(own.samples > 1 ? { spread: own } : {}),
      ...(hasTargets && atMost !== undefined ? { target: { of: 'value', atMost } } : {}),
    };
  };
  const series = (chart: string) => ({ series: { chart, line: name, at: connections } });
  return [
    figure('lateness of beats p50', 'p50Ms', 'ms'),
    {
      ...figure('lateness of beats p99', 'p99Ms', 'ms', 10),
      ...series('Lateness of beats at the client, p99, ms'),
    },
    {
      ...figure('event loop held up at most', 'loopMaxMs', 'ms', 50),
      ...series('Event loop held up at most, ms'),
    },
    figure('event loop of the clients held up at most', 'clientsLoopMaxMs', 'ms'),
    ...(growth === undefined ? [] : [growth]),
    ...(isHeld ? [figure('heap left after closing all', 'leftMb', 'MB')] : []),
  ];
}

async function heapGrowth(plan: Plan, group: IdleGroup, name: string): Promise<Figure> {
  const samples = plan.quick ? 4 : 11;
  const pauseMs = plan.quick ? 500 : 6_000;
  const atMinutes: number[] = [];
  const heapMb: number[] = [];
  for (let i = 0; i < samples; i++) {
    if (i > 0) await sleep(pauseMs);
    const { heapUsed } = await group.memory();
    atMinutes.push(performance.now() / 60_000);
    heapMb.push(heapUsed / MIB);
  }
  const { slope: value, interval } = slope(atMinutes, heapMb);
  return {
    item: `heap growth: ${name}`,
    value,
    unit: 'MB/min',
    interval,
    target: { of: 'value', atMost: 0.2 },
    note: `the line through ${samples} samples after gc: ${heapMb.map((mb) => mb.toFixed(2)).join(', ')} MB`,
  };
}
