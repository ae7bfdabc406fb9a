import { HIDES_CUTS } from '../../probe/weigh.js';
import { CERTIFICATE_FILES, certificateIn, keyIn } from '../../server/certificate.js';
import { h2o } from '../h2o.js';
import type { ProxyKind } from '../kind.js';

export const h2oHttp2: ProxyKind = {
  ...h2o,
  fronts: [{ name: '', known: HIDES_CUTS }],
  configure: ({ target, port, idleSeconds, folder }) => ({
    ...CERTIFICATE_FILES,
    'h2o.conf': `
num-threads: 1
${process.getuid?.() === 0 ? 'user: root' : ''}
proxy.timeout.io: ${idleSeconds * 1_000}
hosts:
  "localhost:${port('')}":
    listen:
      host: 127.0.0.1
      port: ${port('')}
      ssl: { certificate-file: ${certificateIn(folder)}, key-file: ${keyIn(folder)} }
    paths: { "/": { proxy.reverse.url: "http://127.0.0.1:${target}/" } }
`,
  }),
};
