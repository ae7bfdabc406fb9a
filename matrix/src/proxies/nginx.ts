import type { Known } from '../probe/weigh.js';
import type { ProxyKind } from './kind.js';

const HTTP11 = 'proxy_http_version 1.1; proxy_set_header Connection "";';
const GZIP =
  'gzip on; gzip_proxied any; gzip_min_length 0; gzip_types application/json text/event-stream;';

/** Where no header tells it not to. */
export const GATHERS: Known = { ownHeadBeats: /^gathered until the end$/ };

const FRONTS: Readonly<Record<string, string>> = {
  '': '',
  'proxy_http_version 1.1': HTTP11,
  'gzip on': `${HTTP11} ${GZIP}`,
  'proxy_buffering off': `${HTTP11} proxy_buffering off;`,
};

export const nginx: ProxyKind = {
  name: 'nginx',
  program: 'nginx',
  debian: 'nginx',
  version: ['-v'],
  fronts: [
    { name: '', known: GATHERS },
    { name: 'proxy_http_version 1.1' },
    { name: 'gzip on', acceptsGzip: true, known: GATHERS },
    { name: 'proxy_buffering off' },
  ],
  configure: ({ target, port, idleSeconds }) => ({
    'nginx.conf': `
daemon off; master_process off; pid nginx.pid; error_log stderr crit;
events {}
http {
  access_log off;
  proxy_read_timeout ${idleSeconds}s;
  client_body_temp_path body; proxy_temp_path proxy;
  fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
${Object.entries(FRONTS)
  .map(
    ([name, settings]) =>
      `  server { listen 127.0.0.1:${port(name)}; location / { proxy_pass http://127.0.0.1:${target}; ${settings} } }`,
  )
  .join('\n')}
}
`,
  }),
  args: ({ folder }) => ['-p', folder, '-c', 'nginx.conf'],
};
