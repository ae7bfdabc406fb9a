import { type HeldResponse, http2Stream } from './message.js';

/**
 * Nothing more comes over the connection of this response. `server.close()` leaves those open that are
 * answering, and an EventSource that comes back over one would meet the process that it was sent away
 * from, and take its 503 for the end.
 */
export function endConnectionAfter(res: HeldResponse): void {
  const stream = http2Stream(res);
  if (stream !== undefined) {
    // What goes on in the same session is let finish: GOAWAY (RFC 9113 section 6.8).
    stream.session?.close();
    return;
  }
  const { socket } = res;
  res.once('finish', () => socket?.destroySoon?.());
}
