import { apache } from './apache.js';
import { caddy } from './caddy.js';
import { h2o } from './h2o.js';
import { haproxy } from './haproxy.js';
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
