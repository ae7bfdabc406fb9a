import { capacity, DEFAULT_SITE, type Measured, type Site } from '../capacity.js';
import { rounded } from '../figure.js';

const COUNTS = [10_000, 100_000, 1_000_000];
/** The default interval, and that of the million that Pushpin was measured with. */
const INTERVALS = [DEFAULT_SITE.intervalMs, 55_000];

/** What one process was measured to hold. */
export function measuredTable(measured: Measured): string {
  return [
    `Measured on ${measured.date.slice(0, 10)} with ${count(measured.connections)} held responses in one process, a beat a second:`,
    '',
    '| | |',
    '|---|---|',
    `| memory of the process (RSS) for each | ${rounded(measured.rssKbPerHold)} KB |`,
    `| of which JavaScript heap | ${rounded(measured.heapKbPerHold)} KB |`,
    `| memory of the kernel for its socket | ${rounded(measured.kernelKbPerSocket)} KB |`,
    ...measured.beats.map(
      ({ perSecond, cpuUsEach }) =>
        `| CPU for each of ${count(perSecond)} beats a second, system calls and TCP included | ${rounded(cpuUsEach)} µs |`,
    ),
    `| the process before it holds anything, the benchmark's TypeScript loader included | ${rounded(measured.emptyRssMb)} MB |`,
  ].join('\n');
}

/** The sums for many, each line by `capacity`. */
export function arithmeticTable(measured: Measured): string {
  const lines = INTERVALS.flatMap((intervalMs) =>
    COUNTS.map((responses) => ({ ...DEFAULT_SITE, intervalMs, responses })),
  ).map((site) => row(site, measured));
  return [
    `| held | beat every | beats a second | cores that only beat | processes (${count(capacity({ ...DEFAULT_SITE, responses: 1 }, measured).perProcess)} each) | RSS of all | kernel | machines of ${DEFAULT_SITE.coresPerMachine} cores, ${DEFAULT_SITE.memoryGbPerMachine} GB |`,
    '|---|---|---|---|---|---|---|---|',
    ...lines,
  ].join('\n');
}

function row(site: Site, measured: Measured): string {
  const sum = capacity(site, measured);
  const cells = [
    count(site.responses),
    `${site.intervalMs / 1_000} s`,
    count(sum.beatsPerSecond),
    cores(sum.cores),
    count(sum.processes),
    `${rounded(sum.rssGb)} GB`,
    `${rounded(sum.kernelGb)} GB`,
    count(sum.machines),
  ];
  return `| ${cells.join(' | ')} |`;
}

/** The same million, beat for beat. */
export function besidePushpin(measured: Measured): string {
  const sum = capacity({ ...DEFAULT_SITE, responses: 1_000_000, intervalMs: 55_000 }, measured);
  return `By the table, holdopen would take ${rounded(sum.rssGb + sum.kernelGb)} GB, kernel included, and ${cores(sum.cores)} cores for the same, in ${count(sum.processes)} processes.`;
}

/** The answer of `npm run bench -- --capacity N`. */
export function capacityText(site: Site, measured: Measured): string {
  const sum = capacity(site, measured);
  return `${count(site.responses)} held responses, a beat every ${site.intervalMs / 1_000} s, all of them silent:
  beats          ${count(sum.beatsPerSecond)} a second, ${cores(sum.cores)} cores
  processes      ${count(sum.processes)}, at most ${count(sum.perProcess)} each (${sum.bound})
  memory         ${rounded(sum.rssGb)} GB in the processes, ${rounded(sum.kernelGb)} GB in the kernel
  machines       ${count(sum.machines)} of ${site.coresPerMachine} cores and ${site.memoryGbPerMachine} GB
The work itself comes on top. Assumptions and sources: docs/capacity.md
`;
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en');
}

function cores(value: number): string {
  return value < 0.01 ? '< 0.01' : rounded(value);
}
