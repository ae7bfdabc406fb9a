import { Buffer } from 'node:buffer';
import { type HeldResponse, http2Stream } from './message.js';

const { process } = globalThis;

/** Elsewhere a response's socket is a likeness that does not carry its bytes. */
const IS_NODE = !('bun' in process.versions) && !('deno' in process.versions);

/** Each beat as the chunk that it is on the wire. Formats give the same bytes each time. */
const chunks = new WeakMap<Uint8Array, Buffer>();

/**
 * Writes a beat to the socket as a whole chunk (RFC 9112 section 7.1). `write` would make three pieces
 * of it, gather and join them, which is most of what an idle response costs. Only for a chunked
 * response whose head has left, with nothing on its way, and whose `write` is Node's own. Gives whether
 * it has.
 */
export function writeFramed(res: HeldResponse, bytes: Uint8Array): boolean {
  const { socket } = res;
  if (!IS_NODE || res.chunkedEncoding !== true || http2Stream(res) !== undefined) return false;
  // A head that `writeHead` has made leaves with the first `write`.
  if (res._headerSent !== true) return false;
  if (socket === null || socket.writableLength !== 0) return false;
  let chunk = chunks.get(bytes);
  if (chunk === undefined) {
    chunk = Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, CRLF]);
    chunks.set(bytes, chunk);
  }
  socket.write(chunk);
  return true;
}

const CRLF = Buffer.from('\r\n');
