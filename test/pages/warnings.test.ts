import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ROOT, read } from './pages.js';

const sources = readdirSync(`${ROOT}packages`).flatMap((name) => {
  const folder = `${ROOT}packages/${name}/src`;
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => readFileSync(`${folder}/${path}`, 'utf8'));
});

/** Those that are printed; errors that are thrown tell of themselves. */
const WARNS = /\bwarn(?:Once)?\(\s*'(HOLDOPEN_\w+)'|HoldOpenWarning', code: '(HOLDOPEN_\w+)'/g;

test('docs/operations.md has every warning', () => {
  const codes = sources.flatMap((text) => [...text.matchAll(WARNS)].map(([, a, b]) => a ?? b));
  expect(new Set(codes).size).toBeGreaterThan(8);
  const [, table = ''] = read('docs/operations.md').split('## Warnings');
  const missing = codes.filter(
    (code = '') => !table.includes(code) && !table.includes(`\`${code.replace('HOLDOPEN', '')}\``),
  );
  expect(missing).toEqual([]);
});
