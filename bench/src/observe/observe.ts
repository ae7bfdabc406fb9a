import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requestFigures } from '../fast-path.js';
import type { Figure, Plan } from '../figure.js';
import type { ObserverName } from './observed-server.js';

const TARGET = 1.03;
const OBSERVERS: readonly (readonly [title: string, observer: ObserverName])[] = [
  ['not observed', 'nobody'],
  ['metrics', 'metrics'],
  ['metrics and OpenTelemetry', 'telemetry'],
  ['the journal', 'journal'],
  ['not observed (A/A)', 'nobody'],
];

/** CPU per request of a held handler that answers at once, observed and not. */
export async function observe(plan: Plan): Promise<Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-journal-'));
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  process.once('exit', remove);
  try {
    return await measured(plan, directory);
  } finally {
    process.off('exit', remove);
    remove();
  }
}

async function measured(plan: Plan, directory: string): Promise<Figure[]> {
  const script = new URL('observed-server.ts', import.meta.url);
  const figures: Figure[] = [];
  for (const adapter of ['node', 'fetch']) {
    const contenders = OBSERVERS.map(([name, observer]) => ({
      name,
      script,
      args: [adapter, observer, directory],
    }));
    figures.push(...(await requestFigures(plan, `observe, ${adapter}`, contenders, TARGET)));
  }
  return figures;
}
