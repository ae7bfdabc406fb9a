import { Buffer } from 'node:buffer';
import type { IncomingMessage } from 'node:http';

/**
 * The body of a request, read before its handler reads it. What was read is put back, so that a parser
 * behind finds all of it.
 */
export class IncomingBody {
  readonly #req: IncomingMessage;
  readonly #read: Buffer[] = [];

  constructor(req: IncomingMessage) {
    this.#req = req;
  }

  /** `null` if the request has none, or somebody has read it. */
  stream(): ReadableStream<Uint8Array> | null {
    const req = this.#req;
    if (!hasBody(req) || wasRead(req)) return null;
    let reading: (() => void) | undefined;
    return new ReadableStream<Uint8Array>(
      {
        // Not before somebody wants it: a request that is no run is left alone.
        pull: (controller) => {
          reading ??= this.#readInto(controller);
        },
        cancel: () => {
          reading?.();
          // What is still to come must not stop the connection.
          req.resume();
        },
      },
      { highWaterMark: 0 },
    );
  }

  /** Gives what stops it. */
  #readInto(controller: ReadableStreamDefaultController<Uint8Array>): () => void {
    const req = this.#req;
    const stop = (): void => {
      req.removeListener('readable', onReadable);
      for (const name of BROKEN) req.removeListener(name, onBroken);
    };
    const onReadable = (): void => {
      // Not without a number: that would bring `end`, after which nothing can be put back.
      const bytes: unknown = req.readableLength > 0 ? req.read(req.readableLength) : null;
      if (Buffer.isBuffer(bytes)) {
        this.#read.push(bytes);
        controller.enqueue(bytes);
      }
      if (!isIn(req)) return;
      stop();
      controller.close();
    };
    const onBroken = (): void => {
      stop();
      controller.error(new Error('The request was aborted while its body came in.'));
    };
    for (const name of BROKEN) req.once(name, onBroken);
    req.on('readable', onReadable);
    // It may be in already, and then nothing tells of it.
    if (isIn(req)) onReadable();
    return stop;
  }

  putBack(): void {
    const bytes = Buffer.concat(this.#read.splice(0));
    if (bytes.length > 0) this.#req.unshift(bytes);
  }
}

const BROKEN = ['aborted', 'close', 'error'] as const;

/** Somebody has begun to read it, and who was to get it has it. */
export function wasRead(req: IncomingMessage): boolean {
  return req.readableDidRead || req.readableEnded;
}

/** RFC 9112 section 6.3; over HTTP/2 the stream says whether there is one. */
export function hasBody(req: IncomingMessage): boolean {
  if (req.httpVersionMajor === 2) {
    const { stream } = req as { stream?: { readonly endAfterHeaders?: boolean } };
    return stream?.endAfterHeaders !== true;
  }
  const { 'content-length': length, 'transfer-encoding': coding } = req.headers;
  return coding !== undefined || Number(length ?? 0) > 0;
}

/** All of it has been pushed, and perhaps not read. */
function isIn(req: IncomingMessage): boolean {
  const { _readableState: state } = req as { _readableState?: { readonly ended?: boolean } };
  return state?.ended === true && req.readableLength === 0;
}
