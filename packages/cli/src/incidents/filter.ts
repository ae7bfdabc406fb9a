import { INCIDENT_CLASSES, type Incident, type IncidentClass } from '@holdopen/observe';
import { InvalidArgumentError } from 'commander';

/** Which incidents are asked for. */
export interface Filter {
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly routes: readonly RegExp[];
  readonly classes: readonly IncidentClass[];
}

const UNITS_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;
const AGO = /^(\d+(?:\.\d+)?)([smhdw])$/;

/**
 * A time, in UTC where it names no zone, or how long ago: `2026-11-21`, `2026-11-21T19:00Z`,
 * `2026-11-21 19:00`, `90m`, `24h`, `7d`.
 *
 * @throws InvalidArgumentError which says what can be given
 */
export function parseTime(text: string, nowMs: number = Date.now()): number {
  const ago = AGO.exec(text);
  if (ago !== null) {
    return nowMs - Number(ago[1]) * UNITS_MS[ago[2] as keyof typeof UNITS_MS];
  }
  const ms = /^\d{4}-/.test(text) ? Date.parse(inUtc(text)) : Number.NaN;
  if (Number.isNaN(ms)) {
    throw new InvalidArgumentError('Give a time such as 2026-11-21T19:00Z, or how long ago: 24h.');
  }
  return ms;
}

/** As all that is shown is; what has no zone would else be of wherever the command runs. */
function inUtc(text: string): string {
  return /^\d{4}-\d\d-\d\d[T ][\d:.]+$/.test(text) ? `${text.replace(' ', 'T')}Z` : text;
}

/** `*` stands for anything. */
export function parseRoute(text: string, before: readonly RegExp[] = []): RegExp[] {
  const parts = text.split('*').map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'));
  // Without a method any will do.
  const method = /^[A-Z*]+ /.test(text) ? '' : '(\\S+ )?';
  return [...before, new RegExp(`^${method}${parts.join('.*')}$`, 's')];
}

/** @throws InvalidArgumentError which lists them */
export function parseClasses(text: string, before: readonly IncidentClass[] = []): IncidentClass[] {
  const names = text.split(',').map((name) => {
    const known = INCIDENT_CLASSES.find((one) => one === name.trim());
    if (known !== undefined) return known;
    throw new InvalidArgumentError(`The classes are: ${INCIDENT_CLASSES.join(', ')}.`);
  });
  return [...before, ...names];
}

/** @throws InvalidArgumentError */
export function parseTop(text: string): number {
  const top = Number(text);
  if (Number.isInteger(top) && top >= 1) return top;
  throw new InvalidArgumentError('Give a whole number from 1.');
}

/** All but the class, which is known only later. */
export function isAskedFor({ time, route = '' }: Incident, filter: Filter): boolean {
  const ms = Date.parse(time);
  if (ms < filter.sinceMs || ms > filter.untilMs) return false;
  return filter.routes.length === 0 || filter.routes.some((pattern) => pattern.test(route));
}
