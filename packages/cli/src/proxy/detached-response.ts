import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** So long may a client take to read its answer and to leave. Closed at once, it could lose the answer. */
const LINGER_MS = 2_000;

/**
 * A response for a connection that Node has let go of, as it does for an upgrade and for CONNECT: the
 * last one on it. `undefined` if an earlier request of a pipeline is still being answered there, in the
 * middle of which nothing may stand; then the connection is closed.
 */
export function detachedResponse(req: IncomingMessage, stream: Duplex): ServerResponse | undefined {
  // Nobody else listens, and an error without a listener ends the process.
  stream.on('error', () => stream.destroy());
  const res = new ServerResponse(req);
  res.shouldKeepAlive = false;
  try {
    // Node's own servers hand out nothing but sockets; the type leaves room for others.
    res.assignSocket(stream as Socket);
  } catch {
    stream.destroy();
    return undefined;
  }
  res.once('finish', () => {
    stream.end();
    // Node looks after this connection no more, and whoever never ends its own side would stay for ever.
    const timer = setTimeout(() => stream.destroy(), LINGER_MS).unref();
    stream.once('close', () => clearTimeout(timer));
    // Nor is its end seen behind bytes that nobody reads.
    stream.resume();
  });
  return res;
}
