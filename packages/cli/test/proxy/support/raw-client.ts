// A client that shows what really stands on the wire.
import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { until } from './until.js';

export interface RawClient {
  readonly socket: Socket;
  readonly text: string;
  readonly closed: boolean;
  /** The code of the error that ended the connection. */
  readonly error: string | undefined;
  send(data: string | Buffer): void;
  /** Waits until this stands in what came. */
  arrived(text: string): Promise<void>;
  close(): Promise<void>;
}

export async function rawClient(port: number, data = ''): Promise<RawClient> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  let text = '';
  let closed = false;
  let error: string | undefined;
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  socket.on('end', () => {
    closed = true;
  });
  socket.on('close', () => {
    closed = true;
  });
  socket.on('error', (given: NodeJS.ErrnoException) => {
    error = given.code;
  });
  onTestFinished(() => void socket.destroy());
  await until('it is connected', () => !socket.connecting);
  if (data !== '') socket.write(Buffer.from(data, 'latin1'));
  return {
    socket,
    get text() {
      return text;
    },
    get closed() {
      return closed;
    },
    get error() {
      return error;
    },
    send: (bytes) => void socket.write(bytes),
    arrived: (part) =>
      until(
        `${JSON.stringify(part)} stands in the answer`,
        () => text.includes(part),
        () => text,
      ),
    close: () =>
      until(
        'the connection closes',
        () => closed,
        () => text,
      ),
  };
}
