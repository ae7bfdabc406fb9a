import type { ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { RESET_AFTER_MS, reset } from './cut.js';
import { type HeldResponse, http2Stream, isOldHttp } from './message.js';
import { asConnection } from './run/faces.js';

// Captured when the module loads, so that a test's fake timers do not meet ours.
const { process, setTimeout } = globalThis;

/** Its sockets close while they are reset, when their `destroy` is another one. */
const IS_BUN = 'bun' in process.versions;

/** RFC 9113 section 7. */
const INTERNAL_ERROR = 2;

/**
 * Who drops a response that was not ended ends its connection or stream, and over HTTP/1.0 (FIN) and
 * HTTP/2 (END_STREAM) that looks like a regular end. Under a head that holdopen has sent it must not
 * be taken for one.
 */
export function dropVisibly(res: HeldResponse): void {
  const stream = http2Stream(res);
  if (stream !== undefined) dropStreamVisibly(res, stream);
  else if (isOldHttp(res) && res.socket !== null && !IS_BUN) dropSocketVisibly(res, res.socket);
}

function dropStreamVisibly(res: HeldResponse, stream: ServerHttp2Stream): void {
  const { destroy, close } = stream;
  stream.destroy = function destroyVisibly(error?: Error) {
    if (error !== undefined || isEnded(res) || stream.destroyed) {
      return destroy.call(stream, error);
    }
    // Nobody else may be listening, and an error without a listener ends the process.
    stream.on('error', () => {});
    return destroy.call(stream, new Error('holdopen: the response was dropped'));
  };
  stream.close = function closeVisibly(code?: number, callback?: () => void) {
    const isSilent = (code === undefined || code === 0) && !isEnded(res);
    close.call(stream, isSilent ? INTERNAL_ERROR : code, callback);
  };
}

/** Whichever of `res`, `req` and the socket itself is destroyed, it comes to this. */
function dropSocketVisibly(res: HeldResponse, socket: Socket): void {
  const { destroy, destroySoon } = socket;
  let isDropped = false;
  socket.destroy = function destroyVisibly(error?: Error) {
    if (isDropped) return socket;
    if (isEnded(res) || socket.destroyed) return destroy.call(socket, error);
    isDropped = true;
    setTimeout(() => {
      putBack();
      reset(socket);
      if (error !== undefined) socket.destroy(error);
    }, RESET_AFTER_MS).unref();
    return socket;
  };
  // A response that is ended after all finishes, and its server closes with a FIN.
  socket.destroySoon = function destroySoonVisibly() {
    if (!isDropped) destroySoon.call(socket);
  };
  function putBack(): void {
    socket.destroy = destroy;
    socket.destroySoon = destroySoon;
  }
  res.once('close', () => {
    if (!isDropped) putBack();
  });
}

function isEnded(res: HeldResponse): boolean {
  return asConnection(res, () => res.writableEnded);
}
