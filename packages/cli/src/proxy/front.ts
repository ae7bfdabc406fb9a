import {
  createServer,
  type Server as HttpServer,
  type IncomingMessage,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import {
  createSecureServer,
  type Http2SecureServer,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import { detachedResponse } from './detached-response.js';
import { answerProblem } from './problem.js';
import { refusal } from './refusal.js';

export interface FrontOptions {
  readonly tls: { readonly cert: string | Buffer; readonly key: string | Buffer } | undefined;
  readonly keepAliveMs: number;
  readonly headMs: number;
  readonly requestMs: number;
  readonly maxHeadBytes: number;
}

export interface FrontHandlers {
  request(req: IncomingMessage, res: ServerResponse): void;
  upgrade(
    req: IncomingMessage,
    socket: Duplex,
    firstBytes: Buffer,
    readAgain: (socket: Duplex) => void,
  ): void;
}

/** The server that clients speak with. */
export interface Front {
  readonly server: HttpServer | Http2SecureServer;
  /** Takes no new connections, and lets those go that are answering nobody. */
  stop(): void;
  /** Ends what is left. */
  destroy(): void;
}

/** More than a browser asks for at once, and less than an attacker would like. */
const MAX_STREAMS = 1_000;
/** How often it is looked whether a head is late; so much later it may be found. */
const LOOK_MS = 1_000;

export function createFront(options: FrontOptions, handlers: FrontHandlers): Front {
  const settings = {
    keepAliveTimeout: options.keepAliveMs,
    headersTimeout: options.headMs,
    requestTimeout: options.requestMs,
    connectionsCheckingInterval: Math.min(LOOK_MS, options.headMs),
    maxHeaderSize: options.maxHeadBytes,
    insecureHTTPParser: false,
    requireHostHeader: true,
    noDelay: true,
  } satisfies ServerOptions;
  const sessions = new Set<ServerHttp2Session>();
  const server =
    options.tls === undefined ? createServer(settings) : createSecure(options, settings, sessions);

  // Behind this number Node would leave fields out without a word; their size is limited in any case.
  Object.assign(server, { maxHeadersCount: 0 });
  const connections = new Set<Socket>();
  const connected = options.tls === undefined ? 'connection' : 'secureConnection';
  server.on(connected, (socket: Socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  // The compatibility API of HTTP/2 is called as HTTP/1's is; its types do not know it.
  const compatible: {
    on(event: string, listener: (...args: never[]) => void): unknown;
  } = server;
  compatible.on('request', handlers.request);
  compatible.on('checkContinue', handlers.request);
  compatible.on('upgrade', (req: IncomingMessage, socket: Duplex, firstBytes: Buffer) => {
    handlers.upgrade(req, socket, firstBytes, (read) => void server.emit(connected, read));
  });
  compatible.on('connect', refuseConnect);

  return {
    server,
    stop() {
      server.close();
      for (const session of sessions) session.close();
      if ('closeIdleConnections' in server) server.closeIdleConnections();
    },
    destroy() {
      for (const session of sessions) session.destroy();
      for (const socket of connections) socket.destroy();
    },
  };
}

function createSecure(
  { tls, keepAliveMs, headMs, requestMs }: FrontOptions,
  settings: ServerOptions,
  sessions: Set<ServerHttp2Session>,
): Http2SecureServer {
  const server = createSecureServer({
    ...tls,
    ...settings,
    allowHTTP1: true,
    minVersion: 'TLSv1.2',
    handshakeTimeout: headMs,
    // Extended CONNECT stays off: what is in a stream of its own is no business of this proxy.
    settings: { maxConcurrentStreams: MAX_STREAMS, enableConnectProtocol: false },
    maxSessionMemory: 64,
  });
  // For HTTP/1.1 these are not taken from the options, but from the server.
  Object.assign(server, settings);
  server.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
    let streams = 0;
    session.on('stream', (stream: ServerHttp2Stream) => {
      streams += 1;
      if (requestMs > 0 && !stream.endAfterHeaders) limitBody(stream, requestMs);
      stream.once('close', () => {
        streams -= 1;
      });
    });
    session.setTimeout(keepAliveMs, () => {
      if (streams === 0) session.close();
    });
    session.on('error', () => session.destroy());
  });
  return server;
}

/** Node looks after this over HTTP/1.1 alone. */
function limitBody(stream: ServerHttp2Stream, requestMs: number): void {
  const timer = setTimeout(() => {
    stream.destroy(new Error('The request took too long.'));
  }, requestMs).unref();
  const done = (): void => clearTimeout(timer);
  stream.once('end', done).once('close', done);
}

const NO_TUNNEL = refusal(405, 'connect', 'This proxy makes no tunnels.');

/** The target is fixed, and a tunnel to anywhere is what makes an open proxy. */
function refuseConnect(req: IncomingMessage, connection: Duplex | ServerResponse): void {
  const res = 'writeHead' in connection ? connection : detachedResponse(req, connection);
  if (res !== undefined) answerProblem(req, res, NO_TUNNEL);
}
