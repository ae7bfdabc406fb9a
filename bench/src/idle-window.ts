import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Plan } from './figure.js';
import { IDLE_INTERVAL_MS, IdleGroup } from './idle-group.js';
import type { IdleMode } from './idle-server.js';
import { busySince, processorTicks } from './processors.js';
import type { RunResult } from './repeated.js';

const KIB = 1_024;
/** With fewer beats than that what one costs says nothing. */
const LEAST_OF_BEATS = 0.75;

export interface Side {
  readonly name: string;
  readonly mode: IdleMode;
}

export const BARE: Side = { name: 'bare', mode: 'bare' };
export const BARE_AGAIN: Side = { name: 'bare (A/A)', mode: 'bare' };
export const HELD: Side = { name: 'holdOpen', mode: 'held' };

/** CPU and memory of servers that are alive in the same seconds. The first is the bare one, the last is it again. */
export async function idleWindow(
  plan: Plan,
  connections: number,
  sides: readonly Side[],
  run: number,
): Promise<RunResult> {
  const groups = sides.map(({ mode }) => new IdleGroup(mode, connections));
  try {
    await Promise.all(groups.map((group) => group.warmUp()));
    const before = await Promise.all(groups.map((group) => group.memory()));
    const slabBeforeKb = slabKb();
    // One after the other: all at once they keep each other from the processor until somebody gives up.
    for (const group of groups) await group.open();
    const sockets = 2 * connections * groups.length;
    const kernelKb = ((slabKb() ?? Number.NaN) - (slabBeforeKb ?? Number.NaN)) / sockets;
    // The phases of the held ones settle with their second beat.
    await sleep(3 * IDLE_INTERVAL_MS);
    const first = await Promise.all(groups.map((group) => group.usage()));
    const ticks = processorTicks();
    await sleep(plan.quick ? 2_000 : 8_000);
    const busy = busySince(ticks);
    const last = await Promise.all(groups.map((group) => group.usage()));
    const after = await Promise.all(groups.map((group) => group.memory()));
    await Promise.all(groups.map((group) => group.close()));

    const result: Record<string, number> = {};
    const us = first.map((start, i) => {
      const end = last[i] ?? start;
      const beats = end.beats - start.beats;
      const rounds = (end.atMs - start.atMs) / IDLE_INTERVAL_MS;
      if (sides[i] === HELD) result.beats = (100 * beats) / (connections * rounds);
      // Of those that come all at once one more or less may lie in the window.
      const ofBeats = beats / (connections * (rounds - 1));
      if (ofBeats < LEAST_OF_BEATS) {
        throw new Error(
          `idle ${connections}: only ${Math.round(ofBeats * 100)} % of the beats of ${sides[i]?.name} came: this machine is too slow or too busy for it`,
        );
      }
      return (end.cpuUs - start.cpuUs) / beats;
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
    const held = sides.indexOf(HELD);
    if (held !== -1) {
      const heap = (name: string): number => result[`heap of ${name}`] ?? Number.NaN;
      result['heap above'] = heap(HELD.name) - (heap(BARE.name) + heap(BARE_AGAIN.name)) / 2;
      result['RSS empty'] = (before[held]?.rss ?? Number.NaN) / KIB / KIB;
    }
    if (slabBeforeKb !== undefined) result.kernel = kernelKb;
    result.busy = busy * 100;
    const ratios = sides
      .slice(1)
      .map(({ name }) => `${name} ${result[`cpu of ${name}`]?.toFixed(3)}`);
    plan.say(
      `idle ${connections}, run ${run}: bare ${floorUs.toFixed(2)} µs a beat, ${ratios.join(', ')}; processors ${(busy * 100).toFixed(0)} % busy`,
    );
    return result;
  } finally {
    await Promise.all(groups.map((group) => group.stop()));
  }
}

/** What the kernel keeps for its own objects, sockets among them. Only Linux says. */
export function slabKb(): number | undefined {
  try {
    const [, kb] = /^Slab:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8')) ?? [];
    return kb === undefined ? undefined : Number(kb);
  } catch {
    return undefined;
  }
}
