import type { Incident, JournalLine } from '../journal/record.js';
import { type TimeOut, TimeOutFinder } from './time-outs.js';

/** What many incidents say of each. */
export interface Findings {
  readonly timeOuts: readonly TimeOut[];
  /** Files of instances that were taken for dead and came back. */
  readonly returned: ReadonlySet<string>;
}

export const NO_FINDINGS: Findings = { timeOuts: [], returned: new Set() };

/** Beats are spread a little below the interval. */
const SURVIVED_PART = 0.7;

/** The first look at all incidents, for what no single one can tell. */
export class Survey {
  readonly #finder = new TimeOutFinder();
  readonly #returned = new Set<string>();

  incident(incident: Incident): void {
    if (!isCut(incident)) return;
    const atMs = Date.parse(incident.time);
    const idleMs = idleTime(incident);
    if (idleMs !== undefined) this.#finder.add('idle', idleMs, atMs);
    if (incident.heldMs !== undefined) this.#finder.add('total', incident.heldMs, atMs);
  }

  other(line: Exclude<JournalLine, Incident>): void {
    if (line.kind === 'returned') this.#returned.add(fileKey(line.instance, line.segment));
  }

  findings(): Findings {
    return { timeOuts: this.#finder.find(), returned: this.#returned };
  }
}

/** The connection went away, whoever is to blame: such cuts may come from a timer. */
export function isCut({ outcome, connectionEnd }: Incident): boolean {
  return outcome === 'disconnected' && connectionEnd !== 'local';
}

/**
 * How long the connection had been idle, if that can have been why it was cut: no idle time-out lets a
 * longer silence pass before, and there is one before each beat but the first.
 */
export function idleTime({ idleMs, beats = 0, intervalMs = 0 }: Incident): number | undefined {
  return idleMs !== undefined && (beats <= 1 || idleMs >= SURVIVED_PART * intervalMs)
    ? idleMs
    : undefined;
}

/**
 * Whether a silence at least as long as the last had been survived before: that of an interval, or the one
 * before the first beat.
 */
export function survivedAsLong({ idleMs = 0, heldMs = 0, beats = 0 }: Incident): boolean {
  return beats > 1 || (beats === 1 && heldMs - idleMs >= idleMs);
}

export function fileKey(instance: string, segment: number): string {
  return `${instance}-${segment}`;
}
