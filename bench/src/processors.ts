import { cpus } from 'node:os';

/** What all processors of the machine have done so far, whoever it was for. */
export interface Ticks {
  readonly idle: number;
  readonly all: number;
}

export function processorTicks(): Ticks {
  let idle = 0;
  let all = 0;
  for (const { times } of cpus()) {
    idle += times.idle;
    all += times.user + times.nice + times.sys + times.idle + times.irq;
  }
  return { idle, all };
}

/** Which part of the time since then they were busy, from 0 to 1. */
export function busySince(start: Ticks): number {
  const now = processorTicks();
  return 1 - (now.idle - start.idle) / (now.all - start.all);
}
