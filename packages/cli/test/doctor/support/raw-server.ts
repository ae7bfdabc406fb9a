import { createServer, type Server, type Socket } from 'node:net';
import { listen } from './listen.js';

export interface RawServer {
  readonly server: Server;
  readonly port: number;
}

/** A server that answers the first bytes of each connection as it is told, by the rules or not. */
export async function startRaw(answer: (socket: Socket) => unknown): Promise<RawServer> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => answer(socket));
  });
  return { server, port: await listen(server) };
}

/** A head with these lines, and the end of it. */
export function head(...lines: string[]): string {
  return [...lines, '', ''].join('\r\n');
}

export function chunk(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}
