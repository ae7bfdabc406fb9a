import { DEFAULT_MAX_HOLDS } from '@holdopen/core';
import type { Result } from './page/result.js';

/** What one process was measured to hold, out of the figures of `idle`. */
export interface Measured {
  /** Held at the same time. More than that is not claimed of one process. */
  readonly connections: number;
  readonly rssKbPerHold: number;
  readonly heapKbPerHold: number;
  /** The more beats a second, the more of them share one waking up. In the order of their number. */
  readonly beats: readonly MeasuredBeats[];
  /** A TCP socket that is idle, in the kernel and so in no process's RSS. */
  readonly kernelKbPerSocket: number;
  /** Of a process that holds nothing yet. */
  readonly emptyRssMb: number;
  readonly date: string;
}

interface MeasuredBeats {
  readonly perSecond: number;
  readonly cpuUsEach: number;
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
  const beatsPerHold = 1_000 / intervalMs;
  const forHoldsKb = site.memoryGbPerMachine * MEMORY_FOR_HOLDS * KB_PER_GB;
  const bounds: readonly (readonly [Bound, number])[] = [
    ['what was measured', measured.connections],
    ['descriptors', site.descriptors - OTHER_DESCRIPTORS],
    ["the balancer's ports", BALANCER_PORTS],
    ['maxHolds', DEFAULT_MAX_HOLDS],
    ['CPU for beats', mostForCpu(measured.beats) / beatsPerHold],
    ['memory of a machine', (forHoldsKb - measured.emptyRssMb * 1_024) / kbPerHold],
  ];
  const [bound, most] = bounds.reduce((least, one) => (one[1] < least[1] ? one : least));
  const perProcess = Math.floor(most);
  if (perProcess < 1) throw new RangeError(`there is no room for one response: ${bound}`);
  const processes = Math.ceil(responses / perProcess);
  const rssGb =
    (responses * measured.rssKbPerHold) / KB_PER_GB + (processes * measured.emptyRssMb) / MB_PER_GB;
  const kernelGb = (responses * measured.kernelKbPerSocket) / KB_PER_GB;
  const beatsPerProcess = Math.min(perProcess, responses) * beatsPerHold;
  const cores = (responses * beatsPerHold * cpuUsAt(measured.beats, beatsPerProcess)) / 1_000_000;
  return {
    perProcess,
    bound,
    processes,
    machines: Math.max(
      Math.ceil((rssGb + kernelGb) / (site.memoryGbPerMachine * MEMORY_FOR_HOLDS)),
      Math.ceil(cores / (site.coresPerMachine * CORE_FOR_BEATS)),
    ),
    beatsPerSecond: responses * beatsPerHold,
    cores,
    rssGb,
    kernelGb,
  };
}

/** The dearest of what was measured with as many or fewer: with fewer than were measured it is dearer still. */
function cpuUsAt(beats: readonly MeasuredBeats[], perSecond: number): number {
  const found = beats.findLast((one) => one.perSecond <= perSecond) ?? beats[0];
  return found?.cpuUsEach ?? Number.NaN;
}

/** Beats a second that a process may make. */
function mostForCpu(beats: readonly MeasuredBeats[]): number {
  const forBeatsUs = CORE_FOR_BEATS * 1_000_000;
  return Math.max(
    ...beats.map(({ perSecond, cpuUsEach }, i) => {
      const next = beats[i + 1]?.perSecond ?? Number.POSITIVE_INFINITY;
      const most = Math.min(forBeatsUs / cpuUsEach, next);
      return i > 0 && most < perSecond ? 0 : most;
    }),
  );
}

/** At the largest number of connections that `idle` was run with. */
export function measuredOf(idle: Result): Measured {
  const ats = [...new Set(idle.figures.flatMap(({ series }) => series?.at ?? []))];
  const at = Math.max(0, ...ats);
  const value = (item: string, whose = ': holdOpen', connections = at): number => {
    const wanted = `idle ${connections}, ${item}${whose}`;
    const found = idle.figures.find((figure) => figure.item === wanted);
    if (found === undefined) {
      throw new Error(
        `the result of idle has no "${item}" at ${connections} connections: measure it again`,
      );
    }
    return found.value;
  };
  return {
    connections: at,
    rssKbPerHold: value('RSS per connection'),
    heapKbPerHold: value('heap per connection'),
    // Each had a beat a second.
    beats: ats
      .sort((a, b) => a - b)
      .map((perSecond) => ({
        perSecond,
        cpuUsEach: value('CPU per beat', ': holdOpen', perSecond),
      })),
    kernelKbPerSocket: value('kernel memory per socket', ''),
    emptyRssMb: value('RSS of the empty process'),
    date: idle.date,
  };
}
