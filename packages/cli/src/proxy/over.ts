import type { IncomingMessage, ServerResponse } from 'node:http';
import { http2Stream } from './abandon.js';

/** Calls back once, when an answer is over: sent, or its client gone. */
export function whenOver(req: IncomingMessage, res: ServerResponse, callback: () => void): void {
  // A pipelined response has no socket before its turn comes, and is not told that it has closed.
  if (res.socket !== null || http2Stream(res) !== undefined) {
    res.once('close', callback);
    return;
  }
  const { socket } = req;
  const once = (): void => {
    socket.off('close', once);
    res.off('close', once);
    callback();
  };
  socket.once('close', once);
  res.once('close', once);
}

/** All of it has been handed to the system, or over HTTP/2 to the stream. */
export function isComplete(res: ServerResponse): boolean {
  const stream = http2Stream(res);
  if (stream === undefined) return res.writableFinished;
  return res.writableEnded && stream.rstCode === 0;
}
