import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach } from 'vitest';
import { createFaultyPath, type FaultyPath } from '../../src/index.js';
import type { FaultyPathOptions } from '../../src/options.js';

const opened: { path?: FaultyPath; sockets: Socket[]; server?: Server } = { sockets: [] };

/** A server that says nothing of itself, for the tests of a file. */
export function silentServer(): { readonly port: number; stop(): Promise<unknown> } {
  let port = 0;
  beforeEach(async () => {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      // The errors of both ends are what the tests look at; unheard, they would end the process.
      opened.sockets.push(socket.on('error', () => {}));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
    opened.server = server;
  });
  afterEach(async () => {
    for (const socket of opened.sockets.splice(0)) socket.destroy();
    await opened.path?.close();
    delete opened.path;
    opened.server?.close();
  });
  return {
    get port() {
      return port;
    },
    stop: () => new Promise((resolve) => opened.server?.close(resolve)),
  };
}

/** A path to the server, closed behind the test. */
export async function openPath(options: FaultyPathOptions): Promise<FaultyPath> {
  opened.path = await createFaultyPath(options);
  return opened.path;
}

/** A client's end of a new connection. */
export function dial(path: FaultyPath): Socket {
  const client = connect({ host: '127.0.0.1', port: path.port, allowHalfOpen: true });
  opened.sockets.push(client.on('error', () => {}));
  return client;
}

/** Both ends of a connection through a new path. */
export async function join(options: FaultyPathOptions) {
  const path = await openPath(options);
  if (opened.server === undefined) throw new Error('silentServer() comes first');
  const accepted = once(opened.server, 'connection');
  const client = dial(path);
  const [target] = (await accepted) as [Socket];
  return { path, client, target };
}

export async function errorOf(socket: Socket): Promise<NodeJS.ErrnoException | null> {
  socket.resume();
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
  return socket.errored;
}

/** Gathers what comes. */
export function gather(socket: Socket): { text: string; ended: boolean } {
  const got = { text: '', ended: false };
  socket.on('data', (bytes: Buffer) => {
    got.text += bytes.toString('latin1');
  });
  socket.on('end', () => {
    got.ended = true;
  });
  return got;
}

/** Up to the FIN of the other side. An async iterator would close this side, too. */
export async function readAll(socket: Socket): Promise<string> {
  const got = gather(socket);
  await once(socket, 'end');
  return got.text;
}
