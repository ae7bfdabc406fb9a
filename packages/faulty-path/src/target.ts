import type { NetConnectOpts } from 'node:net';
import { FaultyPathError } from './errors.js';

/**
 * Where a path leads: a port on 127.0.0.1, `host:port`, a URL of which host and port count, or the
 * path of a Unix socket.
 */
export type Target =
  | number
  | string
  | URL
  | { readonly host?: string; readonly port: number }
  | { readonly socketPath: string };

/** How to connect to a target. Throws if it cannot be one. */
export function connectOptions(target: Target): NetConnectOpts {
  if (typeof target === 'number') return tcp('127.0.0.1', target, target);
  if (typeof target === 'string') return parse(target);
  if (target instanceof URL) return parse(target.href);
  if ('socketPath' in target) return { path: target.socketPath };
  return tcp(target.host ?? '127.0.0.1', target.port, target.port);
}

function parse(text: string): NetConnectOpts {
  const href = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `tcp://${text}`;
  if (!URL.canParse(href)) throw wrongTarget(text);
  const { protocol, hostname, port } = new URL(href);
  // A URL leaves out the port that its scheme has anyway.
  const usual = protocol === 'http:' ? 80 : protocol === 'https:' ? 443 : Number.NaN;
  return tcp(hostname.replace(/^\[|\]$/g, ''), port === '' ? usual : Number(port), text);
}

function tcp(host: string, port: number, given: unknown): NetConnectOpts {
  if (host === '' || !Number.isInteger(port) || port < 1 || port > 65_535) throw wrongTarget(given);
  return { host, port };
}

function wrongTarget(given: unknown): FaultyPathError {
  return new FaultyPathError(
    'invalid_option',
    `the target is ${String(given)}: give a port from 1 to 65535, host:port, or a URL with a port`,
  );
}
