import { holdFetch } from '@holdopen/client';
import {
  DEFAULT_FRAME,
  DEFAULT_INTERVAL_MS,
  DEFAULT_MAX_HOLDS,
  DEFAULT_MAX_SILENCE_MS,
  DEFAULT_TCP_KEEP_ALIVE_MS,
} from '@holdopen/core';
import { createJournal, createLivePage } from '@holdopen/observe';
import { createRuns } from '@holdopen/runs';
import { expect, test } from 'vitest';
import { OPTION_NAMES } from '../../packages/core/src/options.js';
import { read } from './pages.js';

const grouped = (value: number) => value.toLocaleString('en').replaceAll(',', '_');

test.each([
  ['intervalMs', `\`${grouped(DEFAULT_INTERVAL_MS)}\``],
  ['frame', `\`'${DEFAULT_FRAME.replaceAll('\n', '\\n')}'\``],
  ['maxSilenceMs', `${DEFAULT_MAX_SILENCE_MS / 3_600_000} h`],
  ['maxHolds', `\`${grouped(DEFAULT_MAX_HOLDS)}\``],
  ['tcpKeepAliveMs', `\`${grouped(DEFAULT_TCP_KEEP_ALIVE_MS)}\``],
])('the README has the default of %s', (option, byDefault) => {
  expect(read('README.md')).toContain(`| \`${option}\` | ${byDefault} |`);
});

/** What the error for an unknown option says that there is. */
async function named(call: () => unknown): Promise<string[]> {
  const error = await new Promise<unknown>((resolve) => resolve(call())).catch((thrown) => thrown);
  const list = /(?:There are:|there are|It has:) ([\w, ]+)/.exec(String(error))?.[1];
  if (list === undefined) throw new Error('no option was refused', { cause: error });
  return list.split(', ');
}

const wrong = { nothingOfTheKind: 1 };
const authorize = () => 'ann';
const yes = { authorize: () => true };
const directory = '/nowhere';
const LISTS: [page: string, what: string, options: () => Promise<string[]> | string[]][] = [
  ['README.md', 'holdOpen', () => [...OPTION_NAMES, 'runs']],
  ['docs/runs.md', 'createRuns', () => named(() => createRuns({ authorize, ...wrong }))],
  [
    'docs/client.md',
    'holdFetch',
    () => named(() => holdFetch('http://a', { holdOpen: { retry: false, ...wrong } })),
  ],
  ['docs/live.md', 'createLivePage', () => named(() => createLivePage({ ...yes, ...wrong }))],
  ['docs/incidents.md', 'createJournal', () => named(() => createJournal({ directory, ...wrong }))],
];

test.each(LISTS)('%s has every option of %s', async (page, _what, options) => {
  const code = [...read(page).matchAll(/`([^`\n]+)`/g)].map(([, text = '']) => text).join(' ');
  const words = new Set(code.match(/\w+/g));
  const all = await options();
  expect(all.length).toBeGreaterThan(5);
  expect(all.filter((name) => !words.has(name))).toEqual([]);
});
