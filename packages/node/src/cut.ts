import type { Socket } from 'node:net';
import type { Chunk } from '@holdopen/core';
import {
  type Callback,
  type EndFunction,
  type HeldResponse,
  http2Stream,
  isClosed,
  isOldHttp,
  type WriteFunction,
} from './message.js';
import { asConnection } from './run/faces.js';

// Captured when the module loads, so that a test's fake timers do not meet ours.
const { setTimeout, clearTimeout, process } = globalThis;

/**
 * Between the last bytes and the reset of a connection. A reset that comes with them makes Node's own
 * client read a clean end, and may throw the bytes away. Where no socket keeps the process alive, as
 * with an injected request, this timer has to, or whoever waits for the answer waits in vain.
 */
export const RESET_AFTER_MS = 50;
/** Bun's server sends the last chunk at `end`, whatever is set; so the bytes get time to leave. */
const BUN_FLUSH_MS = 30;

/** curl and Chromium drop the last bytes when RST_STREAM comes with them. */
const HTTP2_FLUSH_MS = RESET_AFTER_MS;
/** How often it is looked whether all cuts are done. */
const LOOK_MS = 5;
/** So long may a client take that does not read; then it is cut without the last bytes. */
const STALL_MS = 2_000;

/** The real functions of a response. */
export interface RealResponse {
  readonly res: HeldResponse;
  readonly write: WriteFunction;
  readonly end: EndFunction;
  /** An outer middleware encodes what is written, and lets it go when it likes. */
  readonly encodedBelow: boolean;
}

/**
 * Ends a response so that its receiver can see that it is incomplete, after `text` has left. `finish`
 * and `close` follow as at any end, for the hooks of frameworks wait for them.
 */
export function cutResponse(
  real: RealResponse,
  chunks: readonly Chunk[],
  callback?: Callback,
): void {
  const { res } = real;
  if (http2Stream(res) !== undefined) cutHttp2(real, chunks, callback);
  else if ('bun' in process.versions) cutOnBun(real, chunks, callback);
  else if (real.encodedBelow) cutEncoded(real, chunks, callback);
  else if (res.chunkedEncoding) cutChunked(real, chunks, callback);
  else cutCloseDelimited(real, chunks, callback);
}

/**
 * Without its last chunk a chunked body is incomplete (RFC 9112 section 8). Bun's client throws away what
 * comes in one packet with the FIN, so the bytes go first.
 */
function cutChunked(
  { res, write, end }: RealResponse,
  chunks: readonly Chunk[],
  callback?: Callback,
): void {
  for (const chunk of chunks) write.call(res, chunk);
  // What is gathered must leave as chunks before the response stops being chunked.
  while (res.writableCorked > 0) res.uncork();
  const done = pend();
  res.once('close', done);
  whenStalled(res, () => res.socket?.destroy());
  setTimeout(() => {
    asConnection(res, () => {
      if (isClosed(res)) {
        done();
        callback?.();
        return;
      }
      res.chunkedEncoding = false;
      res.shouldKeepAlive = false;
      res._last = true;
      end.call(res, callback);
    });
  }, RESET_AFTER_MS);
}

/**
 * A body that ends with its connection is cut by a reset, since a FIN is its regular end. TLS and
 * unix sockets cannot send one.
 */
function cutCloseDelimited(
  { res, write, end }: RealResponse,
  chunks: readonly Chunk[],
  callback?: Callback,
): void {
  const { socket } = res;
  for (const chunk of chunks) write.call(res, chunk);
  whenStalled(res, () => {
    if (socket !== null && !socket.destroyed) reset(socket);
  });
  // The server would close the socket with a FIN once the response is finished.
  res._last = false;
  const done = pend();
  let isFinished = false;
  res.once('close', () => {
    if (!isFinished) done();
  });
  res.once('finish', () => {
    isFinished = true;
    setTimeout(() => {
      if (socket === null || socket.destroyed) {
        done();
        return;
      }
      socket.once('close', done);
      reset(socket);
    }, RESET_AFTER_MS).unref();
  });
  end.call(res, callback);
}

/** TLS and unix sockets cannot send one. */
export function reset(socket: Socket): void {
  // Bun's sockets all have the property; only those of TLS say yes.
  const { encrypted } = socket as { encrypted?: boolean };
  const canReset = encrypted !== true && socket.remotePort !== undefined;
  if (canReset) socket.resetAndDestroy();
  else socket.destroy();
}

/**
 * RST_STREAM with an error code. `close(code)` and a `destroy()` without an error put END_STREAM or
 * NO_ERROR on the wire, which clients take for a regular end.
 */
function cutHttp2(
  { res, write }: RealResponse,
  chunks: readonly Chunk[],
  callback?: Callback,
): void {
  const stream = http2Stream(res);
  if (stream === undefined) return;
  if (callback !== undefined) stream.once('close', () => callback());
  // Nobody else may be listening, and an error without a listener ends the process.
  stream.on('error', () => {});
  const destroy = (): void => {
    if (!stream.destroyed) stream.destroy(new Error('holdopen: the response was cut'));
  };
  const destroySoon = (): void => {
    setTimeout(destroy, HTTP2_FLUSH_MS).unref();
  };
  const done = pend();
  stream.once('close', done);
  whenStalled(res, destroy);
  // @hono/node-server resets at once what has answered a request that nobody has read.
  if (res.req.readableFlowing === null) res.req.resume();
  const last = chunks.length - 1;
  for (const chunk of chunks.slice(0, -1)) write.call(res, chunk);
  write.call(res, chunks[last] ?? '', destroySoon);
}

function cutOnBun(real: RealResponse, chunks: readonly Chunk[], callback?: Callback): void {
  for (const chunk of chunks) real.write.call(real.res, chunk);
  destroyAfter(isOldHttp(real.res) ? RESET_AFTER_MS : BUN_FLUSH_MS, real.res, callback);
}

/** The encoder lets its last bytes go in its own time, without our framing: only the socket is left. */
function cutEncoded(real: RealResponse, chunks: readonly Chunk[], callback?: Callback): void {
  for (const chunk of chunks) real.write.call(real.res, chunk);
  real.res.flush?.();
  destroyAfter(RESET_AFTER_MS, real.res, callback);
}

/**
 * `destroy` alone brings `close`; frameworks wait for `finish` too. The server lets go of the socket
 * when it hears it, so it must be gone by then.
 */
function destroyAfter(delayMs: number, res: HeldResponse, callback?: Callback): void {
  const { socket } = res;
  const done = pend();
  setTimeout(() => {
    done();
    asConnection(res, () => {
      if (res.destroyed) return;
      if (socket !== null && isOldHttp(res)) reset(socket);
      res.destroy();
      res.emit('finish');
    });
    callback?.();
  }, delayMs).unref();
}

function whenStalled(res: HeldResponse, end: () => void): void {
  const timer = setTimeout(end, STALL_MS).unref();
  res.once('close', () => clearTimeout(timer));
}

/** Cuts that still wait for their bytes to leave. */
const pending = new Set<() => void>();

/** Gives what says that it is done. */
function pend(): () => void {
  const done = (): void => {
    pending.delete(done);
  };
  pending.add(done);
  return done;
}

/** Whoever ends the process must not end it before the receivers could see that they were cut. */
export async function cutsDone(): Promise<void> {
  while (pending.size > 0) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
}
