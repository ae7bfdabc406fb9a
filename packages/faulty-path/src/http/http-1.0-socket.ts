import { Socket } from 'node:net';

type Done = (error?: Error | null) => void;

/** A connection on which a request of Node's, which is always of HTTP/1.1, says that it is of HTTP/1.0. */
export class Http10Socket extends Socket {
  #isFirst = true;

  override _write(chunk: unknown, encoding: BufferEncoding, callback: Done): void {
    super._write(this.#rewritten(chunk), encoding, callback);
  }

  override _writev(chunks: { chunk: unknown; encoding: BufferEncoding }[], callback: Done): void {
    const [first, ...rest] = chunks;
    if (first === undefined) callback();
    else super._writev?.([{ ...first, chunk: this.#rewritten(first.chunk) }, ...rest], callback);
  }

  #rewritten(chunk: unknown): unknown {
    if (!this.#isFirst) return chunk;
    this.#isFirst = false;
    const isBytes = Buffer.isBuffer(chunk);
    const text = isBytes ? chunk.toString('latin1') : String(chunk);
    const old = text.replace(' HTTP/1.1\r\n', ' HTTP/1.0\r\n');
    return isBytes ? Buffer.from(old, 'latin1') : old;
  }
}
