import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { bun, deno, newestNode, workerd } from './runtimes.js';

test.each([
  ['Node 26', newestNode, /^v26\./],
  ['Bun', bun, /^1\.4\./],
  ['Deno', deno, /^deno 2\.9\./],
  ['workerd', workerd, /^workerd 2026-/],
])('%s starts from the path that is given for it', (_name, path, version) => {
  expect(execFileSync(path(), ['--version'], { encoding: 'utf8' })).toMatch(version);
});
