import { CERTIFICATE_FILES, certificateIn, keyIn } from '../../server/certificate.js';
import { apache, apacheConfiguration } from '../apache.js';
import type { ProxyKind } from '../kind.js';

const TO_SERVER = 'ProxyPass "/" "h2c://…"';

export const apacheHttp2: ProxyKind = {
  ...apache,
  fronts: [{ name: '' }, { name: TO_SERVER }],
  configure: (place) => {
    const { target, targetHttp2, port, folder } = place;
    const host = (front: string, server: string): string => `
Listen 127.0.0.1:${port(front)}
<VirtualHost 127.0.0.1:${port(front)}>
  SSLEngine on
  SSLCertificateFile ${certificateIn(folder)}
  SSLCertificateKeyFile ${keyIn(folder)}
  Protocols h2
  ProxyPass "/" "${server}/"
</VirtualHost>`;
    return {
      ...CERTIFICATE_FILES,
      'apache.conf': `
${apacheConfiguration(place, ['socache_shmcb', 'ssl', 'http2', 'proxy_http2'])}
${host('', `http://127.0.0.1:${target}`)}
${host(TO_SERVER, `h2c://127.0.0.1:${targetHttp2}`)}
`,
    };
  },
};
