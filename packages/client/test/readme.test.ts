/** That what the pages show is what the package takes. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** What the pages take for granted of the application. */
const AROUND = `
declare function accessToken(): Promise<string>;
declare function show(...what: unknown[]): void;
declare function showState(state: string, delayMs: number | undefined): void;
`;

function codeOf(page: string): string[] {
  const text = readFileSync(at(page), 'utf8');
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code = '']) => code);
}

/** The compiler's complaints about some modules. */
function complaints(modules: readonly string[]): string {
  const cache = at('../node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'pages-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const files = modules.map((code, index) => [`block-${index + 1}.ts`, `${code}\nexport {};\n`]);
  for (const [name = '', text = ''] of [...files, ['around.d.ts', AROUND]]) {
    writeFileSync(join(folder, name), text);
  }
  const config = {
    extends: at('../../../tsconfig.test.json'),
    compilerOptions: {
      lib: ['ES2023', 'DOM', 'DOM.Iterable', 'DOM.AsyncIterable'],
      paths: {
        '@holdopen/client': [at('../src/index.ts')],
        '@holdopen/client/node': [at('../src/node.ts')],
      },
    },
    include: ['*.ts'],
    exclude: [],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const tsc = at('../../../node_modules/typescript/bin/tsc');
  try {
    execFileSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' });
    return '';
  } catch (error) {
    return String((error as { stdout?: string }).stdout);
  }
}

test.each([
  ['README.md', '../README.md', 4],
  ['docs/client.md', '../../../docs/client.md', 2],
])('all code of %s is right', (_, page, atLeast) => {
  const modules = codeOf(page);
  expect(modules.length).toBeGreaterThanOrEqual(atLeast);
  expect(complaints(modules)).toBe('');
});

test('what is wrong would be seen', () => {
  const wrong = `import { holdFetch } from '@holdopen/client';\nholdFetch('/', { holdOpen: { retries: 1 } });`;
  expect(complaints([wrong])).toContain('retries');
});

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
