import type { ProxyKind } from './kind.js';

export const haproxy: ProxyKind = {
  name: 'HAProxy',
  program: 'haproxy',
  debian: 'haproxy',
  version: ['-v'],
  fronts: [{ name: '' }, { name: 'http-no-delay, abortonclose' }],
  configure: ({ target, port, idleSeconds }) => ({
    'haproxy.cfg': `
global
  maxconn 200
defaults
  mode http
  timeout connect 2s
  timeout client 60s
  timeout server ${idleSeconds}s
listen plain
  bind 127.0.0.1:${port('')}
  server s 127.0.0.1:${target}
listen prompt
  option http-no-delay
  option abortonclose
  bind 127.0.0.1:${port('http-no-delay, abortonclose')}
  server s 127.0.0.1:${target}
`,
  }),
  args: () => ['-db', '-f', 'haproxy.cfg'],
};
