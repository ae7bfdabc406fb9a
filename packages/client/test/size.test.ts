/** What a page has to load. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import manifest from '../package.json' with { type: 'json' };

/** What they are now, and 2 %: to grow is a decision. */
const MAX_BYTES = 16_200;
const MAX_FETCH_BYTES = 12_300;

const pages = ['../README.md', '../../../docs/client.md']
  .map((page) => readFileSync(new URL(page, import.meta.url), 'utf8'))
  .join('\n');

function source(built: string): string {
  const path = built.replace('./dist/', '../src/').replace(/js$/, 'ts');
  return fileURLToPath(new URL(path, import.meta.url));
}

async function bundle(contents: string) {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL('../src', import.meta.url)) },
    bundle: true,
    minify: true,
    format: 'esm',
    // What only Node has would fail here.
    platform: 'browser',
    // As a bundler resolves it, but from the sources.
    alias: { '#transport': source(manifest.imports['#transport'].browser) },
    target: 'es2022',
    write: false,
    metafile: true,
  });
  const bytes = outputFiles[0]?.contents ?? new Uint8Array();
  return { minified: bytes.length, gzipped: gzipSync(bytes, { level: 9 }).length, metafile };
}

test(`a page loads no more than ${MAX_BYTES} bytes, gzipped, and nothing of Node`, async () => {
  const all = await bundle(`export * from './index.js';`);
  const one = await bundle(`export { holdFetch } from './index.js';`);
  console.log(
    [
      'The entry for browsers, with eventsource-parser, minified by esbuild:',
      `  all of it       ${all.minified} bytes, gzipped ${all.gzipped} of ${MAX_BYTES}`,
      `  holdFetch only  ${one.minified} bytes, gzipped ${one.gzipped} of ${MAX_FETCH_BYTES}`,
    ].join('\n'),
  );
  expect(all.gzipped).toBeLessThanOrEqual(MAX_BYTES);
  expect(one.gzipped).toBeLessThanOrEqual(MAX_FETCH_BYTES);
  // Rounded, since not every Node packs alike.
  const kilobytes = (bytes: number) => `${Math.round(bytes / 1_000)} KB`;
  expect(pages).toContain(
    `In a page it is ${kilobytes(all.gzipped)}, minified and gzipped; \`holdFetch\` alone ${kilobytes(one.gzipped)}.`,
  );
  expect(pages).toContain(`who imports \`holdFetch\` alone loads ${kilobytes(one.gzipped)}.`);
  expect(Object.keys(all.metafile.inputs).join()).not.toMatch(
    /undici|\b(?:node|server|redirect)\.ts/,
  );
});
