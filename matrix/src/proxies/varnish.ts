import { join } from 'node:path';
import type { ProxyKind } from './kind.js';

export const varnish: ProxyKind = {
  name: 'Varnish',
  program: 'varnishd',
  debian: 'varnish',
  version: ['-V'],
  fronts: [{ name: '' }],
  configure: ({ target, idleSeconds }) => ({
    'default.vcl': `
vcl 4.1;
backend default {
  .host = "127.0.0.1"; .port = "${target}";
  .first_byte_timeout = ${idleSeconds}s; .between_bytes_timeout = ${idleSeconds}s;
}
`,
  }),
  args: ({ port, folder }) => [
    ...['-F', '-j', 'none', '-n', join(folder, 'work'), '-T', 'none', '-s', 'malloc,16m'],
    ...['-a', `127.0.0.1:${port('')}`, '-f', join(folder, 'default.vcl')],
  ],
};
