import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Figure } from '../figure.js';

/** One benchmark as it was measured once: what a section of the page is made of. */
export interface Result {
  readonly benchmark: string;
  /** ISO 8601. */
  readonly date: string;
  readonly seconds: number;
  readonly command: string;
  readonly node: string;
  readonly machine: string;
  /** Of the minute before. Above half a core or so the figures are not to be trusted. */
  readonly loadBefore: number;
  readonly figures: readonly Figure[];
}

/** Puts it in the place of what was measured before. Other benchmarks stay as they are. */
export function storeResult(folder: string, result: Result): void {
  mkdirSync(folder, { recursive: true });
  const text = JSON.stringify(result, (_key, value: unknown) => short(value), 2);
  writeFileSync(join(folder, `${result.benchmark}.json`), `${text}\n`);
}

/** All that were stored, by the name of their benchmark. */
export function readResults(folder: string): Map<string, Result> {
  mkdirSync(folder, { recursive: true });
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  return new Map(
    files.map((file) => {
      const result: Result = JSON.parse(readFileSync(join(folder, file), 'utf8'));
      if (`${result.benchmark}.json` !== file) {
        throw new Error(`${file} holds the result of ${result.benchmark}: rename or delete it`);
      }
      return [result.benchmark, result] as const;
    }),
  );
}

/** No measurement here is good for more digits. */
function short(value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(6)) : value;
}
