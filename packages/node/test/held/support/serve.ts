import { mkdtempSync, rmSync } from 'node:fs';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import type { AddressInfo, Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { holdOpen, type NodeHoldOpenOptions } from '../../../src/index.js';
import { certificate } from './certificate.js';
import { connect, type RawClient } from './wire.js';

export type Handler = (req: IncomingMessage, res: ServerResponse) => unknown;

export const TRANSPORTS = ['HTTP/1.1', 'HTTP/1.0', 'TLS', 'unix socket', 'h2c', 'h2'] as const;
export type Transport = (typeof TRANSPORTS)[number];

export interface Served {
  readonly server: Server;
  readonly transport: Transport;
  readonly port: number;
  readonly path: string | undefined;
  readonly url: string;
  readonly connections: ReadonlySet<Socket>;
  connect(): Promise<RawClient>;
}

/** Short enough for tests, long enough for a machine that is busy. */
export const QUICK = { firstBeatMs: 20, intervalMs: 60 } as const;

/** Serves a held handler until the test is over. */
export function serveHeld(
  handler: Handler,
  options: NodeHoldOpenOptions = {},
  transport: Transport = 'HTTP/1.1',
): Promise<Served> {
  return serve(holdOpen(handler, { ...QUICK, ...options }), transport);
}

export async function serve(handler: Handler, transport: Transport = 'HTTP/1.1'): Promise<Served> {
  const server = createServer(handler, transport);
  const connections = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    connections.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => connections.delete(socket));
  });
  const folder = transport === 'unix socket' ? mkdtempSync(join(tmpdir(), 'held-')) : undefined;
  const path = folder === undefined ? undefined : join(folder, 'socket');
  await new Promise<void>((resolve) => {
    if (path === undefined) server.listen(0, '127.0.0.1', resolve);
    else server.listen(path, resolve);
  });
  onTestFinished(async () => {
    for (const socket of connections) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });
  const port = path === undefined ? (server.address() as AddressInfo).port : 0;
  const secure = transport === 'TLS' || transport === 'h2';
  return {
    server,
    transport,
    port,
    path,
    url: `${secure ? 'https' : 'http'}://127.0.0.1:${port}`,
    connections,
    async connect() {
      const client = await connect({ port, path, tls: secure });
      onTestFinished(() => void client.socket.destroy());
      return client;
    },
  };
}

function createServer(handler: Handler, transport: Transport): Server {
  // The compatibility API is called as HTTP/1's is; the types do not know it.
  const compatible = handler as unknown as Parameters<typeof http2.createServer>[1];
  switch (transport) {
    case 'TLS':
      return https.createServer(certificate, handler);
    case 'h2c':
      return http2.createServer(compatible);
    case 'h2':
      return http2.createSecureServer(certificate, compatible as never);
    default:
      return http.createServer(handler);
  }
}
