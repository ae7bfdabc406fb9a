import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { http2Stream } from './abandon.js';

/** Far beyond what anybody pipelines, and Node would keep any number of them, at 2 KB each. */
const MAX_WAITING = 1_000;

const waiting = new WeakMap<Socket, number>();

/**
 * Calls back when it is a response's turn on its connection. Pipelined requests are not sent on side by
 * side: they may depend on each other (RFC 9112 section 9.3.2), and one client would get as many
 * connections to the server behind as it can write requests. Who sends on and on without waiting for answers is cut off.
 */
export function whenItsTurn(
  { socket }: IncomingMessage,
  res: ServerResponse,
  callback: () => void,
): void {
  if (res.socket !== null || http2Stream(res) !== undefined) {
    callback();
    return;
  }
  const ahead = waiting.get(socket) ?? 0;
  if (ahead >= MAX_WAITING) {
    socket.destroy();
    return;
  }
  waiting.set(socket, ahead + 1);
  res.once('socket', () => {
    waiting.set(socket, (waiting.get(socket) ?? 1) - 1);
    callback();
  });
}

/** All of it has been handed to the system, or over HTTP/2 to the stream. */
export function isComplete(res: ServerResponse): boolean {
  const stream = http2Stream(res);
  if (stream === undefined) return res.writableFinished;
  return res.writableEnded && stream.rstCode === 0;
}
