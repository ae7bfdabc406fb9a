import { once } from 'node:events';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { codeOf, type Ending, failed, stopped } from './ending.js';
import type { Plan } from './plan.js';

/** A connection over which nothing has been asked yet. */
export interface Line {
  readonly socket: Socket;
  readonly speaks: 'h2' | 'http/1.1';
  readonly facts: LineFacts;
}

export interface LineFacts {
  readonly address: string | undefined;
  readonly dnsMs: number | undefined;
  readonly tcpMs: number;
  /** `undefined` without TLS. */
  readonly tlsMs: number | undefined;
  readonly tlsVersion: string | undefined;
  /** Why the certificate is not to be trusted; only where that was asked not to matter. */
  readonly untrusted: string | undefined;
}

/** Why there is no connection. */
export class DialError extends Error {
  readonly ending: Ending;
  constructor(ending: Ending) {
    super('no connection');
    this.name = 'DialError';
    this.ending = ending;
  }
}

/** Throws `DialError`. */
export async function dial(plan: Plan, signal: AbortSignal): Promise<Line> {
  const { url } = plan;
  const isSecure = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = url.port === '' ? (isSecure ? 443 : 80) : Number(url.port);

  const start = performance.now();
  const tcp = connectTcp({ host, port, noDelay: true });
  let dnsMs: number | undefined;
  tcp.once('lookup', () => {
    dnsMs = isIP(host) ? undefined : performance.now() - start;
  });
  await connected(tcp, 'connect', signal, (error) => failed(tcpFailure(error), error));
  const tcpMs = performance.now() - start - (dnsMs ?? 0);
  const facts = { address: tcp.remoteAddress, dnsMs, tcpMs };
  if (!isSecure) {
    const speaks = plan.httpVersion === '2' ? 'h2' : 'http/1.1';
    const plain = { tlsMs: undefined, tlsVersion: undefined, untrusted: undefined };
    return { socket: tcp, speaks, facts: { ...facts, ...plain } };
  }

  const tlsStart = performance.now();
  const secure = connectTls({
    socket: tcp,
    ...(isIP(host) ? {} : { servername: host }),
    ALPNProtocols: { any: ['h2', 'http/1.1'], '1.1': ['http/1.1'], '2': ['h2'] }[plan.httpVersion],
    rejectUnauthorized: !plan.isInsecure,
  });
  await connected(secure, 'secureConnect', signal, (error) => failed('tls', error));
  return {
    socket: secure,
    speaks: secure.alpnProtocol === 'h2' || plan.httpVersion === '2' ? 'h2' : 'http/1.1',
    facts: {
      ...facts,
      tlsMs: performance.now() - tlsStart,
      tlsVersion: secure.getProtocol() ?? undefined,
      untrusted: secure.authorized ? undefined : String(secure.authorizationError),
    },
  };
}

async function connected(
  socket: Socket | TLSSocket,
  event: 'connect' | 'secureConnect',
  signal: AbortSignal,
  why: (error: unknown) => Ending,
): Promise<void> {
  try {
    await Promise.race([once(socket, event, { signal }), closed(socket)]);
  } catch (error) {
    // A late error of a socket that nobody waits for any more would end the process.
    socket.on('error', () => {}).destroy();
    throw new DialError(signal.aborted ? stopped(signal) : why(error));
  }
}

/** TLS over a socket that the other side closes ends without an error. */
function closed(socket: Socket): Promise<never> {
  return new Promise((_resolve, reject) => {
    socket.once('close', () => reject(new Error('the connection was closed')));
  });
}

function tcpFailure(error: unknown): 'dns' | 'refused' | 'unreachable' {
  if (error instanceof Error && 'syscall' in error && error.syscall === 'getaddrinfo') return 'dns';
  return codeOf(error) === 'ECONNREFUSED' ? 'refused' : 'unreachable';
}
