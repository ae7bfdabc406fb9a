import { HIDES_CUTS } from '../probe/weigh.js';
import type { ProxyKind } from './kind.js';

export const h2o: ProxyKind = {
  name: 'h2o',
  program: 'h2o',
  debian: 'h2o',
  version: ['--version'],
  fronts: [{ name: '', known: HIDES_CUTS }],
  configure: ({ target, port, idleSeconds }) => ({
    'h2o.conf': `
num-threads: 1
${process.getuid?.() === 0 ? 'user: root' : ''}
proxy.timeout.io: ${idleSeconds * 1_000}
hosts:
  "localhost:${port('')}":
    listen: { host: 127.0.0.1, port: ${port('')} }
    paths: { "/": { proxy.reverse.url: "http://127.0.0.1:${target}/" } }
`,
  }),
  args: () => ['-c', 'h2o.conf'],
};
