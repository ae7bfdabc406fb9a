import { setTimeout as sleep } from 'node:timers/promises';
import type { Figure, Plan } from './figure.js';
import { IDLE_INTERVAL_MS, IDLE_TARGETS_AT, IdleGroup } from './idle-group.js';
import type { IdleMode } from './idle-server.js';
import { slope } from './statistics.js';

const MIB = 1_024 * 1_024;

/** Lateness, and for the held one the heap over a minute: with no other server to be in its way. */
export async function alone(
  plan: Plan,
  connections: number,
  mode: IdleMode,
  name: string,
): Promise<Figure[]> {
  const group = new IdleGroup(mode, connections);
  try {
    const before = await group.memory();
    await group.open();
    await sleep(3 * IDLE_INTERVAL_MS);
    const late = await group.lateness(() => sleep(plan.quick ? 2_000 : 8_000));
    const isHeld = mode === 'held';
    const target = (atMost: number) =>
      isHeld && connections === IDLE_TARGETS_AT
        ? ({ target: { of: 'value', atMost } } as const)
        : {};
    const series = (chart: string) => ({ series: { chart, line: name, at: connections } });
    const figures: Figure[] = [
      { item: `lateness of beats p50: ${name}`, value: late.p50Ms, unit: 'ms' },
      {
        item: `lateness of beats p99: ${name}`,
        value: late.p99Ms,
        unit: 'ms',
        ...target(10),
        ...series('Lateness of beats at the client, p99, ms'),
      },
      {
        item: `event loop held up at most: ${name}`,
        value: late.loopMaxMs,
        unit: 'ms',
        ...target(50),
        ...series('Event loop held up at most, ms'),
      },
    ];
    // A minute of it is made at one number of connections only.
    if (isHeld && (connections === IDLE_TARGETS_AT || plan.quick))
      figures.push(await soak(plan, group, name));
    await group.close();
    if (isHeld) {
      await sleep(plan.quick ? 500 : 3_000);
      const left = (await group.memory()).heapUsed - before.heapUsed;
      figures.push({ item: `heap left after closing all: ${name}`, value: left / MIB, unit: 'MB' });
    }
    plan.say(
      `idle ${connections}, ${name} alone: late ${late.p50Ms}/${late.p99Ms} ms, loop ${late.loopMaxMs.toFixed(1)} ms`,
    );
    return figures;
  } finally {
    await group.stop();
  }
}

async function soak(plan: Plan, group: IdleGroup, name: string): Promise<Figure> {
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
  return {
    item: `heap growth: ${name}`,
    value: slope(atMinutes, heapMb),
    unit: 'MB/min',
    target: { of: 'value', atMost: 0.2 },
    note: `${samples} samples after gc: ${heapMb.map((mb) => mb.toFixed(2)).join(', ')} MB`,
  };
}
