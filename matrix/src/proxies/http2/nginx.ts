import { CERTIFICATE_FILES, certificateIn, keyIn } from '../../server/certificate.js';
import type { ProxyKind } from '../kind.js';
import { GATHERS, nginx } from '../nginx.js';

export const nginxHttp2: ProxyKind = {
  ...nginx,
  fronts: [{ name: '', known: GATHERS }],
  configure: ({ target, port, idleSeconds, folder }) => ({
    ...CERTIFICATE_FILES,
    'nginx.conf': `
daemon off; master_process off; pid nginx.pid; error_log stderr crit;
events {}
http {
  access_log off;
  proxy_read_timeout ${idleSeconds}s;
  client_body_temp_path body; proxy_temp_path proxy;
  fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  server {
    listen 127.0.0.1:${port('')} ssl http2;
    ssl_certificate ${certificateIn(folder)}; ssl_certificate_key ${keyIn(folder)};
    if ($server_protocol != HTTP/2.0) { return 505; }
    location / { proxy_pass http://127.0.0.1:${target}; }
  }
}
`,
  }),
};
