import { apache } from './apache.js';
import { caddy } from './caddy.js';
import { h2o } from './h2o.js';
import { haproxy } from './haproxy.js';
import { apacheHttp2 } from './http2/apache.js';
import { caddyHttp2 } from './http2/caddy.js';
import { h2oHttp2 } from './http2/h2o.js';
import { haproxyHttp2 } from './http2/haproxy.js';
import { lighttpdHttp2 } from './http2/lighttpd.js';
import { nghttpxHttp2, nghttpxHttp2ToServer } from './http2/nghttpx.js';
import { nginxHttp2 } from './http2/nginx.js';
import { trafficServerHttp2 } from './http2/traffic-server.js';
import type { ProxyKind } from './kind.js';
import { lighttpd } from './lighttpd.js';
import { nghttpx } from './nghttpx.js';
import { nginx } from './nginx.js';
import { squid } from './squid.js';
import { trafficServer } from './traffic-server.js';
import { varnish } from './varnish.js';

/** In the order of the table. */
export const PROXIES: readonly ProxyKind[] = [
  nginx,
  haproxy,
  caddy,
  apache,
  varnish,
  squid,
  lighttpd,
  h2o,
  trafficServer,
  nghttpx,
];

/** Those that terminate TLS and speak HTTP/2 to clients. Varnish and Squid speak none. */
export const HTTP2_PROXIES: readonly ProxyKind[] = [
  nginxHttp2,
  haproxyHttp2,
  caddyHttp2,
  apacheHttp2,
  lighttpdHttp2,
  h2oHttp2,
  trafficServerHttp2,
  nghttpxHttp2,
  nghttpxHttp2ToServer,
];
