import type { HoldCounters, HoldRegistry } from '@holdopen/core';
import { registry as fetchRegistry } from '@holdopen/fetch';
import { registry as nodeRegistry } from '@holdopen/node';
import type { LiveTotals } from './wire.js';

/** All registries of this process: a server may have adapters of both kinds. */
export const registries: readonly HoldRegistry[] = [nodeRegistry, fetchRegistry];

type Counted = 'beats' | 'beatsDropped' | 'lateErrors' | 'disconnects' | 'silences';

/** What the engine has counted since the process began. */
export function totalsNow(): Pick<LiveTotals, 'phase' | 'untouched' | Counted> {
  return {
    phase: phaseNow(),
    beats: sum(({ beats }) => beats),
    beatsDropped: sum(({ beatsDropped }) => beatsDropped),
    lateErrors: sum(({ lateErrors }) => lateErrors),
    disconnects: sum(({ disconnects }) => disconnects),
    silences: sum(({ silences }) => silences),
    untouched: sum(({ untouched }) =>
      Object.values(untouched).reduce((total, count) => total + count, 0),
    ),
  };
}

export function phaseNow(): LiveTotals['phase'] {
  if (registries.some(({ drained }) => drained)) return 'drained';
  return registries.some(({ draining }) => draining) ? 'draining' : 'open';
}

function sum(of: (counters: HoldCounters) => number): number {
  return registries.reduce((total, { counters }) => total + of(counters), 0);
}
