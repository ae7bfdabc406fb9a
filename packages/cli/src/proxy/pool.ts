import { type ClientRequest, Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Target } from './target.js';

export interface PoolOptions {
  /** After so long an idle connection is closed, in milliseconds. */
  readonly idleMs: number;
  /** So long may it take to connect, in milliseconds. */
  readonly connectMs: number;
  /** PEM, in place of the certificate authorities that Node knows. */
  readonly ca?: string | Buffer | undefined;
  /** Takes any certificate. */
  readonly insecure?: boolean | undefined;
}

/** The server behind did not take the connection in time. */
class ConnectTimeoutError extends Error {
  readonly code = 'HOLDOPEN_CONNECT_TIMEOUT';
}

/** A server that says when it closes is left so much earlier. */
const HINT_MARGIN_MS = 1_000;
/** Beyond it a connection is closed when its answer is over. */
const MAX_IDLE_CONNECTIONS = 1_024;

/** The connections to the server behind. */
export type Pool = HttpAgent | HttpsAgent;

/**
 * Connections are closed before their server closes them, because a request that meets a closing
 * connection fails, and may not be sent again if it is a POST: its work may have been done.
 */
export function createPool(target: Target, options: PoolOptions): Pool {
  const settings = {
    keepAlive: true,
    maxFreeSockets: MAX_IDLE_CONNECTIONS,
    scheduling: 'lifo',
    noDelay: true,
  } as const;
  const pool = target.secure
    ? new HttpsAgent({
        ...settings,
        ...(options.ca === undefined ? {} : { ca: options.ca }),
        rejectUnauthorized: options.insecure !== true,
      })
    : new HttpAgent(settings);

  // All go to one place, so that its name need not be put together three times a request.
  pool.getName = () => target.authority;
  const connect = pool.createConnection.bind(pool);
  pool.createConnection = (connectOptions, callback) => {
    const socket = connect(connectOptions, callback);
    if (socket) limitConnecting(socket as Socket, target.secure, options.connectMs);
    return socket;
  };
  // Node asks this before it keeps a connection; the type does not say that it listens to the answer.
  pool.keepSocketAlive = ((stream: Duplex) => {
    const socket = stream as Socket & { _httpMessage?: ClientRequest & { res?: AnswerHead } };
    const patienceMs = Math.min(options.idleMs, hintMs(socket._httpMessage?.res));
    if (patienceMs <= 0) return false;
    socket.setTimeout(patienceMs);
    socket.unref();
    return true;
  }) as Pool['keepSocketAlive'];
  return pool;
}

interface AnswerHead {
  readonly rawHeaders: readonly string[];
}

/** What `Keep-Alive: timeout=5` leaves of our own patience. */
function hintMs(answer: AnswerHead | undefined): number {
  const { rawHeaders = [] } = answer ?? {};
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i];
    if (name?.length !== 10 || name.toLowerCase() !== 'keep-alive') continue;
    const seconds = /(?:^|[\s,;])timeout=(\d+)/i.exec(rawHeaders[i + 1] ?? '')?.[1];
    if (seconds !== undefined) return Number(seconds) * 1_000 - HINT_MARGIN_MS;
  }
  return Number.POSITIVE_INFINITY;
}

function limitConnecting(socket: Socket, secure: boolean, connectMs: number): void {
  const timer = setTimeout(() => {
    socket.destroy(
      new ConnectTimeoutError(`The server took no connection within ${connectMs} ms.`),
    );
  }, connectMs);
  const done = (): void => clearTimeout(timer);
  socket.once(secure ? 'secureConnect' : 'connect', done).once('close', done);
}

/** For `http.request`: where each request goes. */
export function destination(target: Target, pool: Pool): Destination {
  const base = { agent: pool, setHost: false } as const;
  if (target.socketPath !== undefined) return { ...base, socketPath: target.socketPath };
  return {
    ...base,
    host: target.hostname,
    port: target.port,
    ...(target.secure ? { protocol: 'https:', servername: serverName(target.hostname) } : {}),
  };
}

export interface Destination {
  readonly agent: Pool;
  readonly setHost: false;
  readonly protocol?: string;
  readonly servername?: string;
  readonly socketPath?: string;
  readonly host?: string;
  readonly port?: number;
}

/** An address has no place in SNI (RFC 6066 section 3). */
function serverName(hostname: string): string {
  return /^[\d.]+$|:/.test(hostname) ? '' : hostname;
}
