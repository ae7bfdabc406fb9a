import type { Address } from './address.js';
import { ProxyOptionError } from './errors.js';

/** The one server that everything goes to. Nothing in a request can choose another one. */
export interface Target {
  readonly secure: boolean;
  /** Without the brackets of IPv6. `localhost` for a unix socket. */
  readonly hostname: string;
  readonly port: number;
  /** A unix socket. */
  readonly socketPath: string | undefined;
  /** What its own `Host` would be. */
  readonly authority: string;
  /** As it was given, for people. */
  readonly text: string;
}

const EXAMPLES =
  'Give an origin such as http://127.0.0.1:8000 or https://api.internal, or a socket such as unix:/run/app.sock.';

/** @throws ProxyOptionError */
export function parseTarget(given: string | URL): Target {
  const text = String(given);
  if (text.startsWith('unix:')) return unixTarget(text);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new ProxyOptionError(
      `target: ${JSON.stringify(text)} is no http or https origin. ${EXAMPLES}`,
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw new ProxyOptionError(
      'target: it may hold no user and password, which would end up in logs. Leave them out; the Authorization of each request is passed on as it is.',
    );
  }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    throw new ProxyOptionError(
      `target: ${JSON.stringify(text)} names a path. Paths pass as they are, so give ${url.origin} alone.`,
    );
  }
  const secure = url.protocol === 'https:';
  return {
    secure,
    hostname: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
    socketPath: undefined,
    authority: url.host,
    text: url.origin,
  };
}

function unixTarget(text: string): Target {
  const socketPath = text.slice('unix:'.length).replace(/^\/\/(?=\/)/, '');
  if (!socketPath.startsWith('/')) {
    throw new ProxyOptionError(
      `target: ${JSON.stringify(text)} names no absolute path. ${EXAMPLES}`,
    );
  }
  return {
    secure: false,
    hostname: 'localhost',
    port: 80,
    socketPath,
    authority: 'localhost',
    text: `unix:${socketPath}`,
  };
}

const ALL_ADDRESSES: ReadonlySet<string> = new Set(['0.0.0.0', '::']);
const LOOPBACK = /^(localhost|127\.[\d.]+|::1)$/;

/**
 * Each request would come back as another one, a thousand times over.
 * @throws ProxyOptionError
 */
export function checkNotItself(
  { hostname, port, socketPath, text }: Target,
  listen: Address,
): void {
  const isItself =
    'path' in listen
      ? listen.path === socketPath
      : socketPath === undefined && listen.port === port && isSameHost(hostname, listen.host);
  if (!isItself) return;
  throw new ProxyOptionError(
    `target: ${text} is where this proxy itself listens. Give the address of the server behind, or another one with --listen.`,
  );
}

function isSameHost(hostname: string, listening: string): boolean {
  if (hostname === listening) return true;
  if (!LOOPBACK.test(hostname)) return false;
  return ALL_ADDRESSES.has(listening) || (hostname === 'localhost' && LOOPBACK.test(listening));
}
