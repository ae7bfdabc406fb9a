import { DEFAULT_MAX_HOLDS } from '@holdopen/core';
import type { Result } from './page/result.js';

/** What one process was measured to hold, out of the figures of `idle`. */
export interface Measured {
  /** Held at the same time. More than that is not claimed of one process. */
  readonly connections: number;
  readonly rssKbPerHold: number;
  readonly heapKbPerHold: number;
  readonly cpuUsPerBeat: number;
  /** A TCP socket that is idle, in the kernel and so in no process's RSS. */
  readonly kernelKbPerSocket: number;
  /** Of a process that holds nothing yet. */
  readonly emptyRssMb: number;
  readonly date: string;
}

/** What there is to hold with. */
export interface Site {
  readonly responses: number;
  /** The option `intervalMs`: all are silent, which is the most that beats can cost. */
  readonly intervalMs: number;
  readonly coresPerMachine: number;
  readonly memoryGbPerMachine: number;
  /** `ulimit -n` of each process. */
  readonly descriptors: number;
}

export const DEFAULT_SITE = {
  intervalMs: 8_000,
  coresPerMachine: 2,
  memoryGbPerMachine: 8,
  descriptors: 65_536,
} as const;

/** A process needs some for itself: its log, its database, connections that are just coming. */
const OTHER_DESCRIPTORS = 200;
/**
 * Linux gives a balancer 28,232 ports (32768 to 60999) for its connections from one address to one port of a
 * server, and a response that is held takes one all the while.
 */
const BALANCER_PORTS = 28_232;
/** The rest of the one core that a process can use is for the work itself and for collecting garbage. */
const CORE_FOR_BEATS = 0.25;
/** The rest is for the operating system and for the work itself. */
const MEMORY_FOR_HOLDS = 0.5;

type Bound =
  | 'what was measured'
  | 'descriptors'
  | "the balancer's ports"
  | 'maxHolds'
  | 'CPU for beats'
  | 'memory of a machine';

export interface Capacity {
  readonly perProcess: number;
  /** Why not more in one process. */
  readonly bound: Bound;
  readonly processes: number;
  readonly machines: number;
  readonly beatsPerSecond: number;
  /** Cores that do nothing but beat. */
  readonly cores: number;
  readonly rssGb: number;
  readonly kernelGb: number;
}

const KB_PER_GB = 1_024 * 1_024;
const MB_PER_GB = 1_024;

/** How many processes and machines it takes to hold so many responses in which nothing happens but beats. */
export function capacity(site: Site, measured: Measured): Capacity {
  for (const [name, value] of Object.entries(site)) {
    if (!Number.isFinite(value) || value <= 0) {
      throw new RangeError(`${name} must be a number above 0, not ${value}`);
    }
  }
  const { responses, intervalMs } = site;
  const kbPerHold = measured.rssKbPerHold + measured.kernelKbPerSocket;
  const cpuUsPerHold = measured.cpuUsPerBeat * (1_000 / intervalMs);
  const forHoldsKb = site.memoryGbPerMachine * MEMORY_FOR_HOLDS * KB_PER_GB;
  const bounds: readonly (readonly [Bound, number])[] = [
    ['what was measured', measured.connections],
    ['descriptors', site.descriptors - OTHER_DESCRIPTORS],
    ["the balancer's ports", BALANCER_PORTS],
    ['maxHolds', DEFAULT_MAX_HOLDS],
    ['CPU for beats', (CORE_FOR_BEATS * 1_000_000) / cpuUsPerHold],
    ['memory of a machine', (forHoldsKb - measured.emptyRssMb * 1_024) / kbPerHold],
  ];
  const [bound, most] = bounds.reduce((least, one) => (one[1] < least[1] ? one : least));
  const perProcess = Math.floor(most);
  if (perProcess < 1) throw new RangeError(`there is no room for one response: ${bound}`);
  const processes = Math.ceil(responses / perProcess);
  const rssGb =
    (responses * measured.rssKbPerHold) / KB_PER_GB + (processes * measured.emptyRssMb) / MB_PER_GB;
  const kernelGb = (responses * measured.kernelKbPerSocket) / KB_PER_GB;
  const cores = (responses * cpuUsPerHold) / 1_000_000;
  return {
    perProcess,
    bound,
    processes,
    machines: Math.max(
      Math.ceil((rssGb + kernelGb) / (site.memoryGbPerMachine * MEMORY_FOR_HOLDS)),
      Math.ceil(cores / (site.coresPerMachine * CORE_FOR_BEATS)),
    ),
    beatsPerSecond: (responses * 1_000) / intervalMs,
    cores,
    rssGb,
    kernelGb,
  };
}

/** At the largest number of connections that `idle` was run with. */
export function measuredOf(idle: Result): Measured {
  const at = Math.max(0, ...idle.figures.map(({ series }) => series?.at ?? 0));
  const value = (item: string, whose = ': holdOpen'): number => {
    const found = idle.figures.find((figure) => figure.item === `idle ${at}, ${item}${whose}`);
    if (found === undefined) {
      throw new Error(`the result of idle has no "${item}" at ${at} connections: measure it again`);
    }
    return found.value;
  };
  return {
    connections: at,
    rssKbPerHold: value('RSS per connection'),
    heapKbPerHold: value('heap per connection'),
    cpuUsPerBeat: value('CPU per beat'),
    kernelKbPerSocket: value('kernel memory per socket', ''),
    emptyRssMb: value('RSS of the empty process'),
    date: idle.date,
  };
}
