/** What a page has to load. */
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

/** What it is now, and some air: to grow is a decision. */
const MAX_BYTES = 15_360;

async function bundle(contents: string) {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL('../src', import.meta.url)) },
    bundle: true,
    minify: true,
    format: 'esm',
    // What only Node has would fail here.
    platform: 'browser',
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
      `  holdFetch only  ${one.minified} bytes, gzipped ${one.gzipped}`,
    ].join('\n'),
  );
  expect(all.gzipped).toBeLessThanOrEqual(MAX_BYTES);
  expect(one.gzipped).toBeLessThan(all.gzipped);
  expect(Object.keys(all.metafile.inputs).join()).not.toMatch(/undici|\bnode\.ts/);
});
