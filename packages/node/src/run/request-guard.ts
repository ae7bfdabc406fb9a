import type { IncomingMessage, ServerResponse } from 'node:http';
import { type HeldResponse, isClosed } from '../message.js';
import { asConnection } from './faces.js';

/**
 * Node destroys the request of a client that leaves, and with it a body that has come in and that
 * nobody has read yet. The work of a run needs it all the same, also if the client left before the
 * work began. Gives what ends it.
 */
export function guardRequest(req: IncomingMessage, res: HeldResponse): () => void {
  const { destroy } = req;
  req.destroy = (error?: Error) => {
    const isLost = !req.complete || req.readableEnded;
    if (isLost || !isOfClient(res, error)) return destroy.call(req, error);
    tellOfAbort(req);
    return req;
  };
  return () => {
    Reflect.deleteProperty(req, 'destroy');
  };
}

/** Who listens hears of it as ever. */
export function tellOfAbort(req: IncomingMessage): void {
  for (const name of ['aborted', 'close']) req.emit(name);
}

/** A request is destroyed since its connection has gone, and not since the application wants it. */
export function isOfClient(
  res: Pick<ServerResponse, 'req'> & HeldResponse,
  error: Error | null | undefined,
): boolean {
  if (error !== undefined && error !== null) return isAbort(error);
  // Bun gives no reason.
  return asConnection(res, () => isClosed(res) || res.socket?.destroyed === true);
}

export function isAbort(error: unknown): boolean {
  return (error as { code?: unknown } | undefined)?.code === 'ECONNRESET';
}
