import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { detachedResponse } from './detached-response.js';
import { createExchange, type Watcher } from './exchange.js';
import { HOP_BY_HOP } from './fields.js';
import { type Open, send } from './forward.js';
import { answerProblem } from './problem.js';
import { isRefusal, refusal } from './refusal.js';
import { type HeadPolicy, requestHead } from './request-head.js';

/** Requests that want to speak another protocol on their connection, such as WebSocket. */
export interface Upgrades {
  /** For a server's `upgrade` event. `readAgain` makes the server read a connection from its start. */
  handle(
    req: IncomingMessage,
    socket: Duplex,
    firstBytes: Buffer,
    readAgain: (socket: Duplex) => void,
  ): void;
  /** How many connections have changed over. */
  readonly open: number;
  /** Ends them all. */
  close(): void;
}

export interface UpgradeParts {
  readonly policy: HeadPolicy;
  readonly open: Open;
  readonly watcher: Watcher;
}

export function createUpgrades({ policy, open, watcher }: UpgradeParts): Upgrades {
  const tunnels = new Set<Duplex>();
  return {
    get open() {
      return tunnels.size;
    },
    close() {
      for (const socket of tunnels) socket.destroy();
    },
    handle(req, stream, firstBytes, readAgain) {
      // Node's own servers hand out nothing else; the type leaves room for others.
      const socket = stream as Socket;
      const res = detachedResponse(req, socket);
      if (res === undefined) return;
      const head = requestHead(req, policy, undefined);
      if (isRefusal(head)) return answerProblem(req, res, head);
      if (isOfThisConnection(req.headers.upgrade)) {
        res.detachSocket(socket);
        // Without a body they are of the other protocol, by a client that was sure of it.
        socket.unshift(Buffer.concat([withoutOffer(req), ...(head.hasBody ? [firstBytes] : [])]));
        return readAgain(socket);
      }
      if (head.hasBody) {
        // Node has not read it, and what stands on the connection cannot be told from a new request.
        const reason = 'A request with a body cannot change the protocol.';
        return answerProblem(req, res, refusal(501, 'upgrade_with_body', reason));
      }
      const exchange = createExchange(req, res, undefined);
      watcher.began(exchange);
      socket.once('close', () => {
        exchange.isOver = true;
        if (!exchange.isAnswered) exchange.upstream?.destroy();
        watcher.ended(exchange);
      });
      // Nobody would notice that its client leaves on a connection that nobody reads.
      const early = readAhead(socket, firstBytes);
      const upgrade = req.headers.upgrade ?? '';
      const fields = [
        ...withoutConnection(head.fields),
        'Connection',
        'Upgrade',
        'Upgrade',
        upgrade,
      ];
      send(exchange, { ...head, fields }, open)?.on('upgrade', (answer, behind, rest) => {
        exchange.status = 101;
        exchange.upstream = undefined;
        res.detachSocket(socket);
        tunnels.add(socket);
        socket.once('close', () => tunnels.delete(socket));
        socket.write(headOf(answer), 'latin1');
        join(socket, behind as Socket, early.stop(), rest);
      });
    },
  };
}

/**
 * HTTP/2 and TLS are about this connection and may be ignored: clients in Java offer them with any
 * request, bodies too. Who were let change over to HTTP/2 would get past every rule of this proxy.
 */
function isOfThisConnection(upgrade = ''): boolean {
  return upgrade.split(',').some((token) => /^\s*(h2c?|http|tls)\b/i.test(token));
}

/**
 * The head without the offer. Node has let go of the connection, so the request is read anew; once, for
 * it is the last one there.
 */
function withoutOffer({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() !== 'upgrade')
      lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`);
  }
  return Buffer.from(`${lines.join('\r\n')}\r\nConnection: close\r\n\r\n`, 'latin1');
}

function withoutConnection(fields: readonly string[]): string[] {
  return fields.filter((_, i) => {
    const name = fields[i - (i % 2)]?.toLowerCase();
    return name !== 'connection' && name !== 'te';
  });
}

function headOf(answer: IncomingMessage): string {
  const lines = [`HTTP/1.1 101 ${answer.statusMessage}`, 'Connection: Upgrade'];
  const { rawHeaders } = answer;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    const lower = name.toLowerCase();
    if (lower === 'upgrade' || !HOP_BY_HOP.has(lower)) lines.push(`${name}: ${rawHeaders[i + 1]}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** What a client may say before it is answered. */
const MAX_EARLY_BYTES = 65_536;

/** Keeps what comes until it is known where it goes. Who ends its side by then has left. */
function readAhead(socket: Socket, firstBytes: Buffer): { stop(): Buffer } {
  const chunks = [firstBytes];
  let length = firstBytes.length;
  const onData = (chunk: Buffer): void => {
    chunks.push(chunk);
    length += chunk.length;
    if (length > MAX_EARLY_BYTES) socket.pause();
  };
  const onEnd = (): void => void socket.destroy();
  socket.on('data', onData).once('end', onEnd);
  return {
    stop() {
      socket.off('data', onData).off('end', onEnd);
      return Buffer.concat(chunks);
    },
  };
}

/** Both ways, until either ends: what has been said by then still arrives. */
function join(client: Socket, behind: Socket, fromClient: Buffer, fromBehind: Buffer): void {
  behind.setNoDelay(true);
  behind.setTimeout(0);
  behind.on('error', () => client.destroy());
  behind.once('end', () => client.destroySoon()).once('close', () => client.destroySoon());
  client.once('end', () => behind.destroySoon()).once('close', () => behind.destroy());
  if (fromBehind.length > 0) client.write(fromBehind);
  if (fromClient.length > 0) behind.write(fromClient);
  client.pipe(behind).pipe(client);
}
