import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { IncomingMessage } from 'node:http';
import { Http2ServerRequest } from 'node:http2';
import type { Socket } from 'node:net';
import type { ConnectionEnd } from './record.js';

const OPENED_AT = Symbol('holdopenOpenedAt');

type Dated = { [OPENED_AT]?: number };

/** What Node keeps to itself of a TLS socket: the TCP socket below. */
type Below = { readonly _parent?: Dated };

/**
 * Remembers when each connection was made, since a socket does not. It costs each connection once, and
 * no request.
 *
 * @returns a function that ends it
 */
export function dateConnections(): () => void {
  const onSocket = (message: unknown): void => {
    const { socket } = message as { socket: Dated };
    socket[OPENED_AT] = performance.now();
  };
  subscribe('net.server.socket', onSocket);
  return () => {
    unsubscribe('net.server.socket', onSocket);
  };
}

export interface ConnectionFacts {
  readonly httpVersion: string;
  /** By the clock of `performance.now()`. */
  readonly openedAtMs: number | undefined;
}

/** Where there is a Node response, the request of an event is Node's own. */
function nodeRequest(request: unknown): IncomingMessage | Http2ServerRequest | undefined {
  const isNodes = request instanceof IncomingMessage || request instanceof Http2ServerRequest;
  return isNodes ? request : undefined;
}

/** Taken while the connection lives, for over HTTP/2 its socket cannot be asked afterwards. */
export function connectionFacts(request: unknown): ConnectionFacts | undefined {
  const incoming = nodeRequest(request);
  if (incoming === undefined) return undefined;
  const { httpVersionMajor: major, httpVersionMinor: minor } = incoming;
  const httpVersion = major === 2 ? '2' : `${major}.${minor}`;
  return { httpVersion, openedAtMs: openedAt(incoming) };
}

function openedAt(incoming: IncomingMessage | Http2ServerRequest): number | undefined {
  try {
    const socket = incoming.socket as (Dated & Below) | null | undefined;
    return socket?.[OPENED_AT] ?? socket?._parent?.[OPENED_AT];
  } catch {
    // A session that has gone refuses to be asked for its socket.
    return undefined;
  }
}

/** How the connection below a response ended that has just closed. */
export function connectionEnd(request: unknown): ConnectionEnd | undefined {
  const incoming = nodeRequest(request);
  if (incoming === undefined) return undefined;
  return incoming instanceof Http2ServerRequest ? streamEnd(incoming) : socketEnd(incoming.socket);
}

function socketEnd(socket: Socket): ConnectionEnd | undefined {
  const code = (socket.errored as NodeJS.ErrnoException | null)?.code;
  if (code === 'ECONNRESET' || code === 'EPIPE' || code === 'ECONNABORTED') return 'reset';
  if (code === 'ETIMEDOUT' || code === 'EHOSTUNREACH' || code === 'ENETUNREACH') return 'timeout';
  if (socket.readableEnded) return 'fin';
  return socket.destroyed ? 'local' : undefined;
}

const NO_ERROR = 0;
const CANCEL = 8;

function streamEnd({ stream }: Http2ServerRequest): ConnectionEnd | undefined {
  // Without a code of the stream's own it went with its connection.
  if (stream.rstCode === CANCEL || stream.rstCode === NO_ERROR) return 'cancel';
  return stream.rstCode === undefined ? undefined : 'reset';
}
