import type { ConnectionEnd, PathConnection } from './connection.js';
import type { PlannedFault } from './faults.js';
import { formatFault } from './plan.js';

/** `idle-kill afterMs=1000 how=rst; http-1.0`, or `no faults`. */
export function formatPlan(plan: readonly PlannedFault[]): string {
  return plan.length === 0 ? 'no faults' : plan.map(formatFault).join('; ');
}

/** `rst by the path (idle-kill)`. */
export function formatEnd({ by, how, why }: ConnectionEnd): string {
  return `${how} by the ${by}${why === undefined ? '' : ` (${why})`}`;
}

/** A connection in one line, for people. */
export function formatConnection(connection: PathConnection): string {
  const { number, plan, state, end, requestBytes, responseBytes } = connection;
  const outcome = end === undefined ? state : `${state}, ${formatEnd(end)}`;
  return `#${number} ${formatPlan(plan)}: ${requestBytes} bytes up, ${responseBytes} down, ${outcome}`;
}

/** What a failing test should show: the seed that repeats it, and what became of each connection. */
export function formatReport(
  seed: number,
  connections: readonly PathConnection[],
  forgotten: number,
): string {
  const older = forgotten === 0 ? [] : [`${forgotten} older connections are forgotten`];
  return [`faulty path, seed ${seed}`, ...older, ...connections.map(formatConnection)].join('\n  ');
}
