import { join } from 'node:path';
import { freePorts, startProgram } from '../../../../../test/support/program.js';
import { certificate } from './certificate.js';

/** How long the proxies wait for a byte. */
const PATIENCE_MS = 1_800;

/** One proxy with several fronts before the same server. */
export interface Proxy<Front extends string> {
  readonly ports: Readonly<Record<Front, number>>;
  close(): Promise<void>;
}

interface Setup<Front extends string> {
  readonly program: string;
  readonly fronts: readonly Front[];
  readonly configure: (port: (front: Front) => number, folder: string) => Record<string, string>;
  readonly args: (port: (front: Front) => number, folder: string) => string[];
}

async function start<Front extends string>(setup: Setup<Front>): Promise<Proxy<Front>> {
  const free = await freePorts(setup.fronts.length);
  const ports = Object.fromEntries(
    setup.fronts.map((front, at) => [front, free[at] ?? 0]),
  ) as Record<Front, number>;
  const port = (front: Front): number => ports[front];
  const { close } = await startProgram({
    program: setup.program,
    ports: free,
    files: (folder) => setup.configure(port, folder),
    args: (folder) => setup.args(port, folder),
  });
  return { ports, close };
}

const HTTP11 = 'proxy_http_version 1.1; proxy_set_header Connection "";';
const GZIP = 'gzip on; gzip_proxied any; gzip_min_length 0; gzip_types application/json;';
const TLS = ' ssl http2; ssl_certificate certificate.pem; ssl_certificate_key key.pem';
const DEAF = 'proxy_ignore_headers X-Accel-Buffering;';

/** Each with the defaults of nginx but for what its name says; the deaf ones ignore what servers ask. */
export function startNginx(target: number) {
  const fronts = {
    default: '',
    http11: HTTP11,
    unbuffered: `${HTTP11} proxy_buffering off;`,
    gzip: `${HTTP11} ${GZIP}`,
    deaf: DEAF,
    'deaf-gzip': `${HTTP11} ${GZIP} ${DEAF}`,
    http2: HTTP11,
  };
  const names = Object.keys(fronts) as (keyof typeof fronts)[];
  return start({
    program: 'nginx',
    fronts: names,
    configure: (port) => ({
      'key.pem': certificate.key,
      'certificate.pem': certificate.cert,
      'nginx.conf': `
daemon off; master_process off; pid nginx.pid; error_log stderr crit;
events {}
http {
  access_log off; proxy_read_timeout ${PATIENCE_MS}ms;
  client_body_temp_path body; proxy_temp_path proxy;
  fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
${names
  .map(
    (name) =>
      `  server { listen 127.0.0.1:${port(name)}${name === 'http2' ? TLS : ''}; location / { proxy_pass http://127.0.0.1:${target}; ${fronts[name]} } }`,
  )
  .join('\n')}
}
`,
    }),
    args: (_port, folder) => ['-p', folder, '-c', 'nginx.conf'],
  });
}

export function startHaproxy(target: number) {
  return start({
    program: 'haproxy',
    fronts: ['default', 'compression'],
    configure: (port) => ({
      'haproxy.cfg': `
global
  maxconn 100
defaults
  mode http
  timeout connect 2s
  timeout client 30s
  timeout server ${PATIENCE_MS}ms
listen default
  bind 127.0.0.1:${port('default')}
  server s 127.0.0.1:${target}
listen compression
  bind 127.0.0.1:${port('compression')}
  compression algo gzip
  compression type application/json
  server s 127.0.0.1:${target}
`,
    }),
    args: () => ['-db', '-f', 'haproxy.cfg'],
  });
}

export function startCaddy(target: number) {
  return start({
    program: 'caddy',
    fronts: ['default', 'gzip'],
    configure: (port) => ({
      Caddyfile: `
{
	admin off
	auto_https off
}
(behind) {
	reverse_proxy 127.0.0.1:${target} {
		transport http {
			response_header_timeout ${PATIENCE_MS}ms
			read_timeout ${PATIENCE_MS}ms
		}
	}
}
http://127.0.0.1:${port('default')} {
	bind 127.0.0.1
	import behind
}
http://127.0.0.1:${port('gzip')} {
	bind 127.0.0.1
	encode {
		gzip
		minimum_length 0
		match {
			header Content-Type application/json*
		}
	}
	import behind
}
`,
    }),
    args: () => ['run', '--config', 'Caddyfile', '--adapter', 'caddyfile'],
  });
}

export async function startVarnish(target: number) {
  return start({
    program: 'varnishd',
    fronts: ['default', 'gzip'],
    configure: () => ({
      'default.vcl': `
vcl 4.1;
backend default {
  .host = "127.0.0.1"; .port = "${target}";
  .first_byte_timeout = ${PATIENCE_MS / 1_000}s; .between_bytes_timeout = ${PATIENCE_MS / 1_000}s;
}
sub vcl_recv { set req.http.X-Front = local.socket; return (pass); }
sub vcl_backend_response { if (bereq.http.X-Front == "gzip") { set beresp.do_gzip = true; } }
`,
    }),
    args: (port, folder) => [
      ...['-F', '-j', 'none', '-n', join(folder, 'work'), '-T', 'none', '-s', 'malloc,16m'],
      ...['-a', `plain=127.0.0.1:${port('default')}`, '-a', `gzip=127.0.0.1:${port('gzip')}`],
      ...['-f', join(folder, 'default.vcl')],
    ],
  });
}
