// Before its first beat holdopen is not there: the same handlers with and without it, over real
// sockets, byte by byte and event by event.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { newestNode } from '../../../../test/runtimes.js';
import type { ShapeReport, Transport } from './harness/compare.js';

const FOLDER = fileURLToPath(new URL('../../', import.meta.url));
const LEAST_SHAPES = 200;

const runs: readonly (readonly [name: string, node: () => string, transports: Transport[]])[] = [
  ['this Node', () => process.execPath, ['http', 'https']],
  ['the newest Node', newestNode, ['http']],
];

for (const [name, node, transports] of runs) {
  for (const transport of transports) {
    test(`no handler differs with holdopen around it, over ${transport} on ${name}`, async () => {
      const reports = await compare(node(), transport);
      const differing = reports.filter(({ differences }) => differences.length > 0);
      expect(differing.map(({ shape, differences }) => ({ shape, differences }))).toEqual([]);
      expect(reports.length).toBeGreaterThanOrEqual(LEAST_SHAPES);
      expect(reports.every(({ compared }) => compared > 0)).toBe(true);
    }, 180_000);
  }
}

/** In a process of its own: some handlers throw where only the process can catch it. */
async function compare(node: string, transport: Transport): Promise<ShapeReport[]> {
  const args = ['--no-warnings', '--import', 'tsx', 'test/transparent/harness/run.ts', transport];
  const child = spawn(node, args, { cwd: FOLDER, stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  expect(code, errors).toBe(0);
  return JSON.parse(out) as ShapeReport[];
}
