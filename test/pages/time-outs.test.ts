import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { TIME_OUTS } from '../../packages/cli/src/doctor/time-outs.js';
import { pagesWithTimeOuts } from '../../scripts/time-outs.mjs';
import { ROOT, read } from './pages.js';

test.each(pagesWithTimeOuts())(
  '$page has the time-outs that the doctor knows',
  ({ text, wanted }) => {
    // `npm run time-outs` writes it.
    expect(text).toBe(wanted);
  },
);

test('a figure that differs would be seen', () => {
  const [readme] = pagesWithTimeOuts();
  expect(readme?.wanted).toContain('| AWS ALB | 60 s |');
  expect(readme?.wanted).not.toBe(readme?.wanted.replace('60 s', '61 s'));
});

test('the README’s first words are in time-outs that the doctor knows', () => {
  const seconds = (name: string) => {
    const found = TIME_OUTS.find((timeOut) => timeOut.name === name);
    if (found === undefined) throw new Error(`the doctor does not know ${name}`);
    return found.ms / 1_000;
  };
  expect(read('README.md')).toContain(
    `a proxy after ${seconds('nginx')} seconds, Cloudflare after ${seconds('Cloudflare')}, \`fetch\` in Node after ${seconds('undici, fetch of Node')}, Bun after ${seconds('Bun.serve')}.`,
  );
});

test('the picture is small, and says in words what it shows', () => {
  const picture = readFileSync(`${ROOT}docs/timeline.svg`, 'utf8');
  expect(Buffer.byteLength(picture)).toBeLessThan(8_000);
  expect(picture).toMatch(/<svg[^>]* role="img" aria-labelledby="title about"/);
  expect(picture).toMatch(/<title id="title">.+<\/title>\n<desc id="about">.+<\/desc>/);
  expect(picture).toContain('prefers-color-scheme:dark');
  expect(read('README.md')).toMatch(/!\[A request of 90 seconds\. .+\]\(docs\/timeline\.svg\)/);
});
