// What a soak found, as it is kept and as its page is made of it.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fillMarks } from '../page/markers.js';
import type { Count } from './counts.js';
import { report } from './report.js';
import type { Sample, Trend, Watched } from './samples.js';

/** What is left of a process when all clients have gone. */
export type Left = Pick<Sample, Watched | 'adapter' | 'holds'>;

export interface SoakResult {
  /** ISO 8601. */
  readonly date: string;
  readonly node: string;
  readonly machine: string;
  readonly commit?: string;
  readonly command: string;
  readonly minutes: number;
  readonly clients: number;
  readonly visits: readonly (readonly [place: string, count: Count])[];
  readonly trends: readonly Trend[];
  readonly after: readonly Left[];
}

const at = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
export const SOAK_FILE = at('bench/results/soak/soak.json');
export const SOAK_PAGE = at('docs/soak.md');

export function storeSoak(result: SoakResult, file: string, page: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(result, null, 1)}\n`);
  writeFileSync(page, soakPage(readFileSync(page, 'utf8'), result));
}

/** The page with this result between its marks. */
export function soakPage(page: string, result: SoakResult): string {
  const { date, node, machine, commit, command } = result;
  const of = commit === undefined ? '' : ` at ${commit}`;
  const when = `*${date.slice(0, 10)}${of}, Node ${node}, ${machine}; \`${command}\`.*`;
  return fillMarks(page, () => `${when}\n\n${report(result).text}`);
}
