// The server behind: a real one of Node's, or a socket that answers with whatever bytes a test likes.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export type Handler = (req: IncomingMessage, res: ServerResponse) => unknown;

/** Gives its port. */
export async function serve(handler: Handler, server: Server = createServer()): Promise<number> {
  server.on('request', handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

export interface RawOrigin {
  readonly port: number;
  /** What came in, by connection. */
  readonly received: string[];
  readonly sockets: Socket[];
}

/** Sees the bytes of each request. By default it answers each that ends with its head. */
export async function serveRaw(
  onData: (socket: Socket, text: string) => void = answerEach,
): Promise<RawOrigin> {
  const received: string[] = [];
  const sockets: Socket[] = [];
  const server = createTcpServer((socket) => {
    const index = received.push('') - 1;
    sockets.push(socket);
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      received[index] += chunk.toString('latin1');
      onData(socket, received[index] ?? '');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { port: (server.address() as AddressInfo).port, received, sockets };
}

function answerEach(socket: Socket, text: string): void {
  if (text.endsWith('\r\n\r\n')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
}

export async function bodyOf(req: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of req) text += chunk;
  return text;
}
