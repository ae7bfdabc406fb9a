import type { ProxyKind } from './kind.js';

export const nghttpx: ProxyKind = {
  name: 'nghttpx',
  program: 'nghttpx',
  debian: 'nghttp2-proxy',
  version: ['--version'],
  fronts: [{ name: '' }],
  configure: ({ target, port, idleSeconds, folder }) => ({
    'nghttpx.conf': `
frontend=127.0.0.1,${port('')};no-tls
backend=127.0.0.1,${target}
backend-read-timeout=${idleSeconds}s
workers=1
accesslog-file=/dev/null
errorlog-file=${folder}/error.log
`,
  }),
  args: ({ folder }) => [`--conf=${folder}/nghttpx.conf`],
};
