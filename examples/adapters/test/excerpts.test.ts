import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const root = new URL('../../../', import.meta.url);
const page = readFileSync(new URL('docs/adapters.md', root), 'utf8');
const excerpts = [...page.matchAll(/```ts\n\/\/ (\S+)\n(.*?)```/gs)].map(
  ([, path = '', code = '']) => [path, code] as const,
);

describe('docs/adapters.md', () => {
  test('has excerpts', () => {
    expect(excerpts.length).toBeGreaterThan(2);
  });

  test.each(excerpts)('shows what stands in %s', (path, code) => {
    const source = readFileSync(new URL(path, root), 'utf8').replaceAll(/^ *\/\/.*\n/gm, '');
    const unindented = (text: string) => text.replaceAll(/^ +/gm, '').trim();
    expect(unindented(source)).toContain(unindented(code));
  });
});
