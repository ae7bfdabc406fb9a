/** Every limit that SECURITY.md names has its test, under that very title. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const ROW = /\| `([^`]+\.ts)`: (.+?) \|$/gm;
const rows = [...readFileSync(`${root}SECURITY.md`, 'utf8').matchAll(ROW)].map(
  ([, file = '', title = '']) => ({ file, title }),
);

test('SECURITY.md has a test in each row of its tables', () => {
  const text = readFileSync(`${root}SECURITY.md`, 'utf8');
  const lines = text.split('\n').filter((line) => line.startsWith('| '));
  const withoutHeads = lines.filter((line) => !line.startsWith('| threat |'));
  expect(rows).toHaveLength(withoutHeads.length);
});

test.each(rows)('$file: $title', ({ file, title }) => {
  expect(existsSync(root + file), `${file} is gone`).toBe(true);
  // As the first argument of what runs: `test(…)`, `test.each(…)(…)`, but not `test.skip(…)`.
  const call = /(?:\btest|\]\)|\bconst\))\(\s*'/.source;
  const words = title.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  expect(readFileSync(root + file, 'utf8')).toMatch(new RegExp(`${call}${words}'`));
});
