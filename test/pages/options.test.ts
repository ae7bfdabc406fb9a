import {
  DEFAULT_FRAME,
  DEFAULT_INTERVAL_MS,
  DEFAULT_MAX_HOLDS,
  DEFAULT_MAX_SILENCE_MS,
  DEFAULT_TCP_KEEP_ALIVE_MS,
} from '@holdopen/core';
import { expect, test } from 'vitest';
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
