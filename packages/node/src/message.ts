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
  // An application may give its responses a member of this name.
  return res.req.httpVersionMajor === 2 ? res.stream : undefined;
}

/** The response can be written to now: a pipelined one has no socket until its turn comes. */
export function hasConnection(res: HeldResponse): boolean {
  const stream = http2Stream(res);
  if (stream !== undefined) return !stream.destroyed;
  return res.socket !== null && res.socket !== undefined;
}

/** HTTP/1.0: without chunks, so that a FIN is the regular end. */
export function isOldHttp(res: HeldResponse): boolean {
  return res.req.httpVersionMajor === 1 && res.req.httpVersionMinor === 0;
}

/** Nothing can be sent any more. */
export function isOver(res: HeldResponse): boolean {
  return res.writableEnded || res.destroyed || http2Stream(res)?.destroyed === true;
}

/** All of it was handed over, by the response or, over HTTP/2, by its stream. */
export function isComplete(res: HeldResponse): boolean {
  // Over HTTP/2 a response that was never ended counts as finished once its stream has gone.
  if (res.writableEnded) return res.writableFinished;
  const stream = http2Stream(res);
  return stream?.writableFinished === true && stream.rstCode === 0;
}

/** It has closed, whoever closed it. The HTTP/2 compatibility API does not say so by itself. */
export function isClosed(res: HeldResponse): boolean {
  const stream = http2Stream(res);
  if (stream !== undefined) return stream.destroyed || stream.closed;
  return res.closed || res.destroyed;
}

/** The client takes bytes right now: what was written before has been handed to the system. */
export function isReady(res: HeldResponse): boolean {
  return res.writableLength === 0 && !(res.writableCorked > 0) && !isOver(res);
}

/**
 * The socket below a response. HTTP/2 hands out a proxy that refuses what is asked of it here, so
 * for it the one that the session keeps to itself.
 */
export function socketOf(res: HeldResponse): Socket | undefined {
  const session = http2Stream(res)?.session;
  if (session === undefined) return res.socket ?? undefined;
  for (const key of Object.getOwnPropertySymbols(session)) {
    const value: unknown = Reflect.get(session, key);
    if (key.description === 'socket') return value as Socket;
  }
  return undefined;
}
