import type { ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';

/** A reset that comes with the last bytes makes some clients read a regular end. */
const RESET_AFTER_MS = 50;
/** RFC 9113 section 7. */
const INTERNAL_ERROR = 2;

/**
 * Ends an answer that stays incomplete, so that its client can see it: the server behind has failed in
 * the middle of it, and what came so far must not be taken for all.
 */
export function abandon(res: ServerResponse): void {
  const stream = http2Stream(res);
  if (stream !== undefined) {
    stream.close(INTERNAL_ERROR);
    return;
  }
  const { socket, req } = res;
  if (socket === null || req.httpVersionMajor !== 1 || req.httpVersionMinor !== 0) {
    res.destroy();
    return;
  }
  // A FIN would be the regular end; TLS and unix sockets have nothing else.
  const canReset = !('encrypted' in socket) && socket.remotePort !== undefined;
  setTimeout(() => {
    if (canReset) socket.resetAndDestroy();
    else socket.destroy();
  }, RESET_AFTER_MS);
}

export function http2Stream(res: ServerResponse): ServerHttp2Stream | undefined {
  return (res as { stream?: ServerHttp2Stream }).stream;
}

/** Over HTTP/2 the client has broken the exchange off. */
export function isReset(res: ServerResponse): boolean {
  const stream = http2Stream(res);
  return stream !== undefined && (stream.aborted || (stream.rstCode ?? 0) !== 0);
}
