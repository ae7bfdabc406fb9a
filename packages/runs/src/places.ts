import type { RunsSettings } from './settings.js';

// Where a run is found. Its id is letters, digits, "-" and "_", so that nothing needs escaping.

type Base = Pick<RunsSettings, 'basePath'>;

export function statusPath({ basePath }: Base, run: string): string {
  return `${basePath}/${run}`;
}

export function eventsPath(base: Base, run: string): string {
  return `${statusPath(base, run)}/events`;
}

export function resultPath(base: Base, run: string): string {
  return `${statusPath(base, run)}/result`;
}
