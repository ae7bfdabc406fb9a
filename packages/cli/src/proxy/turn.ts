import type { ServerResponse } from 'node:http';
import { http2Stream } from './abandon.js';

/**
 * Calls back when it is a response's turn on its connection. Pipelined requests are not sent on side by
 * side: they may depend on each other (RFC 9112 section 9.3.2), and one client would get as many
 * connections to the server behind as it can write requests.
 */
export function whenItsTurn(res: ServerResponse, callback: () => void): void {
  if (res.socket !== null || http2Stream(res) !== undefined) callback();
  else res.once('socket', callback);
}

/** All of it has been handed to the system, or over HTTP/2 to the stream. */
export function isComplete(res: ServerResponse): boolean {
  const stream = http2Stream(res);
  if (stream === undefined) return res.writableFinished;
  return res.writableEnded && stream.rstCode === 0;
}
