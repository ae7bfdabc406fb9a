import type { AddressInfo, Server, Socket } from 'node:net';
import fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify';
import { onTestFinished } from 'vitest';
import { certificate } from '../../../node/test/held/support/certificate.js';
import type { Served, Transport } from '../../../node/test/held/support/serve.js';
import { connect } from '../../../node/test/held/support/wire.js';
import { type FastifyHoldOpenPluginOptions, holdOpen } from '../../src/index.js';

export const HTTP_VERSIONS = ['HTTP/1.1', 'TLS', 'h2c', 'h2'] as const;
export type HttpVersion = (typeof HTTP_VERSIONS)[number];

/** Short enough for tests, long enough for a machine that is busy. */
export const QUICK = { firstBeatMs: 20, intervalMs: 60 } as const;

export interface ServedApp extends Served {
  readonly app: FastifyInstance;
}

export type Build = (app: FastifyInstance) => unknown;

/** A Fastify application for a transport; its types speak of HTTP/1, as most applications do. */
export function createApp(
  options: FastifyServerOptions & Record<string, unknown> = {},
  transport: Transport = 'HTTP/1.1',
): FastifyInstance {
  const http2 = transport === 'h2c' || transport === 'h2';
  const https = transport === 'TLS' || transport === 'h2' ? certificate : undefined;
  const all = {
    ...options,
    ...(http2 ? { http2 } : {}),
    ...(https === undefined ? {} : { https }),
    forceCloseConnections: true,
  };
  return fastify(all as FastifyServerOptions) as unknown as FastifyInstance;
}

/** Serves an application whose every response may be held, as JSON where nothing else is said. */
export async function serveHeld(
  build: Build,
  options: FastifyHoldOpenPluginOptions = {},
  transport: Transport = 'HTTP/1.1',
  serverOptions: FastifyServerOptions & Record<string, unknown> = {},
): Promise<ServedApp> {
  return serve(
    async (app) => {
      await app.register(holdOpen, { ...QUICK, format: 'json', ...options });
      await build(app);
    },
    transport,
    serverOptions,
  );
}

/** Serves an application until the test is over. */
export async function serve(
  build: Build,
  transport: Transport = 'HTTP/1.1',
  serverOptions: FastifyServerOptions & Record<string, unknown> = {},
): Promise<ServedApp> {
  const app = createApp(serverOptions, transport);
  await build(app);
  return serveApp(app, transport);
}

export async function serveApp(
  app: FastifyInstance,
  transport: Transport = 'HTTP/1.1',
): Promise<ServedApp> {
  const server = app.server as unknown as Server;
  const connections = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    connections.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => connections.delete(socket));
  });
  onTestFinished(async () => {
    for (const socket of connections) socket.destroy();
    await app.close();
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = server.address() as AddressInfo;
  const secure = transport === 'TLS' || transport === 'h2';
  return {
    app,
    server,
    transport,
    port,
    path: undefined,
    url: `${secure ? 'https' : 'http'}://127.0.0.1:${port}`,
    connections,
    async connect() {
      const client = await connect({ port, tls: secure });
      onTestFinished(() => void client.socket.destroy());
      return client;
    },
  };
}
