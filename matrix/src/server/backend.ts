import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import http2 from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Server, Socket } from 'node:net';
import { certificate } from './certificate.js';
import type { Seen } from './log.js';
import { Stage } from './stage.js';

/** A server of ours that is listening on this machine. */
export interface Backend {
  readonly port: number;
  seen(id: string): Promise<Seen>;
  close(): Promise<void>;
}

/** `h2c`: HTTP/2 without TLS, as a proxy speaks it to a server behind it. */
export type Transport = 'http' | 'https' | 'h2c' | 'h2';

type App = (stage: Stage) => RequestListener | Promise<RequestListener>;

/** Serves an app in this process. */
export async function startBackend(app: App, transport: Transport = 'http'): Promise<Backend> {
  const stage = new Stage();
  const server = create(transport, await app(stage));
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    seen: async (id) => stage.seen(id),
    async close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}

function create(transport: Transport, listener: RequestListener): Server {
  // The compatibility API of HTTP/2 is called as HTTP/1's is; the types do not know it.
  const compatible = (req: object, res: object): void =>
    void Reflect.apply(listener, undefined, [req, res]);
  switch (transport) {
    case 'http':
      return createServer(listener);
    case 'https':
      return createHttpsServer(certificate, listener);
    case 'h2c':
      return http2.createServer(compatible);
    case 'h2':
      // Nothing else, so that whoever gets an answer has spoken HTTP/2.
      return http2.createSecureServer({ ...certificate, allowHTTP1: false }, compatible);
  }
}
