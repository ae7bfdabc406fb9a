// What goes wrong in the world, as buttons. Nothing to copy.
import type { Server, Socket } from 'node:net';
import { Hono } from 'hono';
import type { Sessions } from './sessions.js';

/** Long enough for the answer to go out first. */
const SOON_MS = 50;

/** `cut`: ends all connections. */
export function faults(sessions: Sessions, cut: () => void): Hono {
  const soon = (fault: () => void): void => {
    setTimeout(fault, SOON_MS);
  };
  return new Hono()
    .use(async (c, next) => {
      if ((await sessions.of(c.req.raw)) === undefined) return c.text('Sign in.\n', 401);
      return next();
    })
    .post('/cut', (c) => {
      soon(cut);
      return c.body(null, 204);
    })
    .post('/expire', (c) => {
      sessions.end(c);
      soon(cut);
      return c.body(null, 204);
    })
    .post('/restart', (c) => {
      soon(() => process.kill(process.pid, 'SIGTERM'));
      return c.body(null, 204);
    })
    .post('/kill', (c) => {
      soon(() => process.kill(process.pid, 'SIGKILL'));
      return c.body(null, 204);
    });
}

/** Resets every connection of a server, as a proxy does that dies. */
export function cutter(server: Server): () => void {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
}
