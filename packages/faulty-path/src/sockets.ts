import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** How long one who was sent a FIN is given to send its own. */
const LINGER_MS = 1_000;

/** Ends a socket with a FIN behind what was written, and hears the other side out. */
export function finish(socket: Duplex): void {
  if (socket.destroyed) return;
  // Closed with bytes unread, the kernel would send a reset in place of the FIN.
  socket.resume().end();
  if (socket.readableEnded) return;
  const lingering = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(lingering));
}

/** Ends a socket with a reset, where it can have one. */
export function reset(socket: Duplex): void {
  if (socket.destroyed) return;
  if (socket instanceof Socket && !socket.connecting) socket.resetAndDestroy();
  else socket.destroy();
}

/** Whether an error says that no connection came about. One that was reset at once did. */
export function isUnreachable({ syscall, code }: NodeJS.ErrnoException): boolean {
  return (syscall === 'connect' || syscall === 'getaddrinfo') && code !== 'ECONNRESET';
}
