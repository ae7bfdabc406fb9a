import type { Socket } from 'node:net';

/** Callbacks by connection, so that a long pipeline costs its socket one listener. */
const watched = new WeakMap<Socket, Set<() => void>>();

/**
 * Calls back when a connection closes. A pipelined response has no socket before its turn comes, and
 * nobody tells it. Gives a function that ends the watch.
 */
export function watchConnection(socket: Socket, callback: () => void): () => void {
  const present = watched.get(socket);
  const callbacks = present ?? new Set();
  callbacks.add(callback);
  if (present === undefined) {
    watched.set(socket, callbacks);
    socket.once('close', () => {
      for (const call of callbacks) call();
    });
  }
  if (socket.destroyed) callback();
  return () => callbacks.delete(callback);
}
