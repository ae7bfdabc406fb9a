import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
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
  /** Of the minute before, in which other benchmarks may have run. */
  readonly loadBefore: number;
  /** Which part of all processors others kept busy right before it, from 0 to 1. */
  readonly busyBefore?: number;
  /** What the machine could not measure. */
  readonly leftOut?: readonly string[];
  readonly commit?: string;
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
      const result = readResult(join(folder, file));
      if (`${result.benchmark}.json` !== file) {
        throw new Error(`${file} holds the result of ${result.benchmark}: rename or delete it`);
      }
      return [result.benchmark, result] as const;
    }),
  );
}

function readResult(file: string): Result {
  try {
    const result: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (isResult(result)) return result;
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
  }
  const name = basename(file, '.json');
  throw new Error(
    `${file} holds no result: get it back from git, or measure it again with npm run bench -- --only ${name} --write`,
  );
}

/** As far as a page is made of it. */
function isResult(value: unknown): value is Result {
  const { benchmark, date, command, figures } = (value ?? {}) as Partial<Record<string, unknown>>;
  return (
    [benchmark, date, command].every((text) => typeof text === 'string') &&
    Array.isArray(figures) &&
    figures.every(
      (figure: Partial<Figure> | null) =>
        typeof figure?.item === 'string' && isNumber(figure.value),
    )
  );
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value);
}

/** No measurement here is good for more digits. */
function short(value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(6)) : value;
}
