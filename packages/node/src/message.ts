import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';

/** A request of `node:http`, `node:https` or the compatibility API of `node:http2`. */
export type NodeRequest = IncomingMessage | Http2ServerRequest;
export type NodeResponse = ServerResponse | Http2ServerResponse;

/** What Node's own types leave out of a response, over HTTP/1 and the HTTP/2 compatibility API. */
export interface HeldResponse extends Omit<ServerResponse<IncomingMessage>, 'write' | 'end'> {
  /** HTTP/2 only. */
  readonly stream?: ServerHttp2Stream;
  /** Added by compression(). */
  flush?: () => void;
  /** The head as it was written, HTTP/1 only; Node asks it whether a head was sent. */
  _header?: string | null;
  /** That text has been handed to the socket. */
  readonly _headerSent?: boolean;
  /** The connection ends with this response. */
  _last?: boolean;
  chunkedEncoding: boolean;
  getRawHeaderNames?: () => string[];
  write: WriteFunction;
  end: EndFunction;
}

export type WriteFunction = (this: HeldResponse, ...args: unknown[]) => boolean;
export type EndFunction = (this: HeldResponse, ...args: unknown[]) => HeldResponse;
export type Callback = (error?: Error | null) => void;

/** The HTTP/2 stream of a response, or `undefined` over HTTP/1. */
export function http2Stream(res: HeldResponse): ServerHttp2Stream | undefined {
  return res.stream;
}

/** The response can be written to now: a pipelined one has no socket until its turn comes. */
export function hasConnection(res: HeldResponse): boolean {
  if (res.stream !== undefined) return !res.stream.destroyed;
  return res.socket !== null && res.socket !== undefined;
}

/** HTTP/1.0: without chunks, so that a FIN is the regular end. */
export function isOldHttp(res: HeldResponse): boolean {
  return res.req.httpVersionMajor === 1 && res.req.httpVersionMinor === 0;
}

/** Nothing can be sent any more. */
export function isOver(res: HeldResponse): boolean {
  return res.writableEnded || res.destroyed || res.stream?.destroyed === true;
}

/** It has closed, whoever closed it. The HTTP/2 compatibility API does not say so by itself. */
export function isClosed(res: HeldResponse): boolean {
  const { stream } = res;
  if (stream !== undefined) return stream.destroyed || stream.closed;
  return res.closed || res.destroyed;
}

/** The client takes bytes right now: what was written before has been handed to the system. */
export function isReady(res: HeldResponse): boolean {
  return res.writableLength === 0 && !(res.writableCorked > 0) && !isOver(res);
}

/**
 * Whether a request's body has come in: a slow upload is no silence of the handler, a body that it
 * leaves unread is.
 */
export class Upload {
  #progress: number | undefined;
  #wasArriving = false;

  /** Call it now and then: that an upload goes on is seen by what came since the last look. */
  look(req: IncomingMessage): 'arriving' | 'has-come-in' | 'is-in' {
    const { stream } = req as { stream?: ServerHttp2Stream };
    const progress = stream?.state?.localWindowSize ?? req.socket?.bytesRead ?? 0;
    const moved = progress !== this.#progress;
    this.#progress = progress;
    if (!isComplete(req) && (moved || !isFull(req, stream))) {
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

function isComplete(req: IncomingMessage): boolean {
  if (req.complete || req.readableEnded) return true;
  const { stream } = req as { stream?: ServerHttp2Stream };
  // RFC 9112 section 6.3: without either there is no body. A listener that threw has stopped the
  // parser, so that `complete` never comes.
  const { 'content-length': length, 'transfer-encoding': coding } = req.headers;
  if (stream === undefined && coding === undefined && Number(length ?? 0) === 0) return true;
  // Over HTTP/2 `complete` waits for the body to be read; what counts is whether it has arrived.
  return stream?.endAfterHeaders === true || stream?.state?.remoteClose === 1;
}

/**
 * The socket below a response. HTTP/2 hands out a proxy that refuses what is asked of it here, so
 * for it the one that the session keeps to itself.
 */
export function socketOf(res: HeldResponse): Socket | undefined {
  const session = res.stream?.session;
  if (session === undefined) return res.socket ?? undefined;
  for (const key of Object.getOwnPropertySymbols(session)) {
    const value: unknown = Reflect.get(session, key);
    if (key.description === 'socket') return value as Socket;
  }
  return undefined;
}
