import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { test } from '../src/vitest.js';

/** Starts vitest twice, on a machine that may be busy. */
const LIMIT_MS = 120_000;
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

test('openPath opens a path with the seed that it was given', async ({ openPath }) => {
  const path = await openPath({ target: 1, seed: 5 });
  expect(path.seed).toBe(5);
  expect(path.port).toBeGreaterThan(0);
});

/** Runs the example of a test that fails. */
function runFailing(seed: string | undefined): Promise<string> {
  const { FAULTY_PATH_SEED: _, ...env } = process.env;
  const args = [
    'run',
    '--config',
    'packages/faulty-path/test/failing/vitest.config.ts',
    '--no-color',
  ];
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['node_modules/vitest/vitest.mjs', ...args],
      { cwd: ROOT, env: seed === undefined ? env : { ...env, FAULTY_PATH_SEED: seed } },
      (_error, stdout, stderr) => resolve(stdout + stderr),
    );
  });
}

test('a test that fails prints the seed and every connection, and the seed repeats them', {
  timeout: LIMIT_MS,
}, async () => {
  const reportOf = (output: string) => /faulty path, seed (\d+)\n {2}#1 .*/.exec(output) ?? [];
  const [report, seed] = reportOf(await runFailing(undefined));
  expect(report).toMatch(/#1 cut atByte=\d+ of=response from=connection how=rst: .* open/);
  expect(reportOf(await runFailing(seed))[0]).toBe(report);
});
