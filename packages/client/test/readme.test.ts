/** That the page names what there is; its code is checked with that of all pages (test/packed). */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

test('the page of all codes, states and options names them all', () => {
  const page = readFileSync(at('../../../docs/client.md'), 'utf8');
  const read = (path: string): string => readFileSync(at(path), 'utf8');
  const codes = read('../src/errors.ts').match(/'HOLDOPEN_[A-Z_]+'/g) ?? [];
  const kinds = read('../src/transport/failure.ts').match(/^ {2}\| '[a-z]+'/gm) ?? [];
  const states = read('../src/state.ts').match(/^ {2}\| '[a-z]+'/gm) ?? [];
  const options = read('../src/options.ts').match(/^ {2}readonly \w+(?=\?:)/gm) ?? [];
  const quoted = (text: string): string => /\w+$/.exec(text.replaceAll(/'/g, ''))?.[0] ?? '';
  const names = [
    ...codes.map(quoted),
    ...kinds.map((kind) => `HOLDOPEN_${quoted(kind).toUpperCase()}`),
    ...states.map(quoted),
    ...options.map(quoted),
  ];
  expect(names.length).toBeGreaterThan(30);
  expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(page))).toEqual([]);
});
