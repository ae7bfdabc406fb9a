import type { AddressInfo, Server } from 'node:net';
import { ProxyOptionError } from './errors.js';

/** Where a server listens. */
export type Address = { readonly path: string } | { readonly host: string; readonly port: number };

/** Reads `host:port`, `port`, `:port`, `[::1]:port` or `unix:/path`. @throws ProxyOptionError */
export function parseAddress(option: string, text: string): Address {
  if (text.startsWith('unix:/')) return { path: text.slice('unix:'.length) };
  const parts = /^(?:(?:\[([\da-f:.]+)\]|([^:[\]]*)):)?(\d{1,5})$/i.exec(text);
  const port = Number(parts?.[3]);
  if (parts === null || port > 65_535) {
    throw new ProxyOptionError(
      `${option}: ${JSON.stringify(text)} is no address. Write host:port, such as 127.0.0.1:8080 or [::1]:8080, or the port alone.`,
    );
  }
  // Whoever leaves the host out has not said that all the world may come.
  return { host: parts[1] || parts[2] || '127.0.0.1', port };
}

/** Clients that come all at once, as after a restart, wait in the system's queue. */
const BACKLOG = 4_096;

/** @throws ProxyOptionError if it cannot listen there */
export function listen(server: Server, option: string, address: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      reject(
        new ProxyOptionError(`${option}: cannot listen on ${show(address)}: ${reason(error)}`),
      );
    };
    server.once('error', failed);
    server.listen({ ...address, backlog: BACKLOG }, () => {
      server.off('error', failed);
      resolve();
    });
  });
}

function show(address: Address): string {
  return 'path' in address ? `unix:${address.path}` : `${address.host}:${address.port}`;
}

function reason({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'EADDRINUSE') return 'another program does. Give another port, or 0 for a free one.';
  if (code === 'EACCES')
    return 'that needs a right that this user does not have. Give a port from 1024.';
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') return 'this machine has no such address.';
  return message;
}

/** Where it came to listen, as a URL. */
export function urlOf(server: Server, secure: boolean): string {
  const bound = server.address() as AddressInfo | string | null;
  if (bound === null) return '';
  if (typeof bound === 'string') return `unix:${bound}`;
  const host = bound.family === 'IPv6' ? `[${bound.address}]` : bound.address;
  return `${secure ? 'https' : 'http'}://${host}:${bound.port}`;
}
