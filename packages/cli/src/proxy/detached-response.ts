import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

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
  res.once('finish', () => stream.end());
  return res;
}
