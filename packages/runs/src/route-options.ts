import { RunError } from './errors.js';
import type { RunsOptions } from './options.js';
import { KNOWN_OPTIONS, type RunsSettings, resolveRunsOptions } from './settings.js';

const ROUTE_OPTIONS = [
  'keyHeader',
  'key',
  'methods',
  'onLost',
  'whileRunning',
  'fingerprint',
  'maxBodyBytes',
  'keepHeaders',
  'maxLogBytes',
  'maxEntryBytes',
  'cancelGraceMs',
  'maxSilenceMs',
] as const satisfies readonly (keyof RunsOptions)[];

/**
 * The options of `createRuns` that a route may have for itself, in place of what was given there. All
 * others are about the runs of a process together, or about clients that come back to any of them.
 */
export type RouteRunsOptions = Pick<RunsOptions, (typeof ROUTE_OPTIONS)[number]>;

/** @throws RunError `invalid_option`; its message says what to do */
export function resolveRouteOptions(common: RunsOptions, route: RouteRunsOptions): RunsSettings {
  if (typeof route !== 'object' || route === null) {
    throw invalid("forRoute needs options, such as runs.forRoute({ onLost: 'rerun' }).", route);
  }
  const own: Partial<RunsOptions> = {};
  for (const [name, value] of Object.entries(route)) {
    if (!isRouteOption(name)) throw invalid(refusal(name), name);
    // One that is not set is as it is for all.
    if (value !== undefined) Object.assign(own, { [name]: value });
  }
  return resolveRunsOptions({ ...common, ...own });
}

function isRouteOption(name: string): boolean {
  return ROUTE_OPTIONS.some((one) => one === name);
}

function refusal(name: string): string {
  const names = ROUTE_OPTIONS.join(', ');
  return KNOWN_OPTIONS.has(name)
    ? `The option ${name} is the same for all routes: give it to createRuns. A route may have: ${names}.`
    : `There is no option ${name}. A route may have: ${names}.`;
}

function invalid(message: string, given: unknown): RunError {
  return new RunError('invalid_option', message, { given });
}
