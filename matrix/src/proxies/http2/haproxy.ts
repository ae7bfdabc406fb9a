import { HIDES_CUTS } from '../../probe/weigh.js';
import { CERTIFICATE_FILES } from '../../server/certificate.js';
import { haproxy } from '../haproxy.js';
import type { ProxyKind } from '../kind.js';

const TO_SERVER = 'server … proto h2';

export const haproxyHttp2: ProxyKind = {
  ...haproxy,
  fronts: [
    { name: '', known: HIDES_CUTS },
    { name: TO_SERVER, known: HIDES_CUTS },
  ],
  configure: ({ target, targetHttp2, port, idleSeconds, folder }) => ({
    ...CERTIFICATE_FILES,
    'haproxy.cfg': `
global
  maxconn 200
defaults
  mode http
  timeout connect 2s
  timeout client 60s
  timeout server ${idleSeconds}s
listen plain
  bind 127.0.0.1:${port('')} ssl crt ${folder}/both.pem alpn h2
  server s 127.0.0.1:${target}
listen http2
  bind 127.0.0.1:${port(TO_SERVER)} ssl crt ${folder}/both.pem alpn h2
  server s 127.0.0.1:${targetHttp2} proto h2
`,
    // It wants both in one file.
    'both.pem': Object.values(CERTIFICATE_FILES).join('\n'),
  }),
};
