import type { IncomingMessage } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';

/**
 * Whether a request's body has come in: a slow upload is no silence of the handler, a body that it
 * leaves unread is.
 */
export class Upload {
  #progress: number | undefined;
  #wasArriving = false;

  /** Call it now and then: that an upload goes on is seen by what came since the last look. */
  look(req: IncomingMessage): 'arriving' | 'has-come-in' | 'is-in' {
    const stream = streamOf(req);
    const progress = stream?.state?.localWindowSize ?? req.socket?.bytesRead ?? 0;
    const moved = progress !== this.#progress;
    this.#progress = progress;
    if (!hasCome(req) && (moved || !isFull(req, stream))) {
      this.#wasArriving = true;
      return 'arriving';
    }
    const wasArriving = this.#wasArriving;
    this.#wasArriving = false;
    return wasArriving ? 'has-come-in' : 'is-in';
  }
}

/** A full buffer that nobody empties: the handler does not want the body. */
function isFull(req: IncomingMessage, stream: ServerHttp2Stream | undefined): boolean {
  if (stream === undefined) return req.readableLength >= req.readableHighWaterMark;
  return req.readableLength + stream.readableLength >= stream.readableHighWaterMark;
}

function hasCome(req: IncomingMessage): boolean {
  if (req.complete || req.readableEnded) return true;
  const stream = streamOf(req);
  // RFC 9112 section 6.3: without either there is no body. A listener that threw has stopped the
  // parser, so that `complete` never comes.
  const { 'content-length': length, 'transfer-encoding': coding } = req.headers;
  if (stream === undefined && coding === undefined && Number(length ?? 0) === 0) return true;
  // Over HTTP/2 `complete` waits for the body to be read; what counts is whether it has arrived.
  return stream?.endAfterHeaders === true || stream?.state?.remoteClose === 1;
}

function streamOf(req: IncomingMessage): ServerHttp2Stream | undefined {
  const { stream } = req as { stream?: ServerHttp2Stream };
  return req.httpVersionMajor === 2 ? stream : undefined;
}
