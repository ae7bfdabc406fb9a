import events, { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import tls from 'node:tls';
import { cert, key } from './certificate.js';
import { Journal, Probe, undated } from './journal.js';
import { CONVERSATIONS, type RequestName } from './requests.js';
import type { Listener, Shape } from './shape.js';

export interface Observation {
  /** What the client got, byte for byte but for the date. */
  readonly bytes: string;
  /** What could be seen in the process. */
  readonly lines: readonly string[];
  /** Whether holdopen was there. */
  readonly watched: boolean;
}

export interface Site {
  observe(request: RequestName): Promise<Observation>;
  close(): Promise<void>;
}

const STALLED_AFTER_MS = 3_000;

/** One for all connections: it takes longer to make than the handshake. */
const secureContext = tls.createSecureContext();

/** Whoever's connection is going on: one at a time. */
let current: Journal | undefined;

process.on('uncaughtException', (error, origin) => {
  // Not an assertion of ours: nobody would see it.
  if (current === undefined) throw error;
  current.failed(origin, error);
});

export function setCurrent(journal: Journal | undefined): void {
  current = journal;
}

/** The listener with its probe, as the server will call it through `mount`. */
export function probed(
  shape: Shape,
  mount: (handler: Listener) => Listener,
  journal: () => Journal,
): Listener {
  let requests = 0;
  let lastJournal: Journal | undefined;
  const handler: Listener = function (this: unknown, ...args) {
    if (journal() !== lastJournal) requests = 0;
    lastJournal = journal();
    requests += 1;
    const probe = new Probe(journal(), `#${requests}`, this, args, shape.big === true);
    return shape.handler(probe, args[0], args[1]);
  };
  const mounted = mount(handler);
  const around = shape.around?.(mounted) ?? mounted;
  return function (this: unknown, ...args) {
    const result = Reflect.apply(around, this, args);
    journal().add(`the listener returns ${result instanceof Promise ? 'a promise' : result}`);
    return result;
  };
}

/** A server for one shape, over TCP or TLS. */
export async function openHttp1(
  shape: Shape,
  mount: (handler: Listener) => Listener,
  secure: boolean,
): Promise<Site> {
  const big = shape.big === true;
  let journal = new Journal(big);
  events.captureRejections = shape.captureRejections === true;
  const server = secure
    ? https.createServer({ ...shape.server, key, cert })
    : http.createServer(shape.server ?? {});
  events.captureRejections = false;
  shape.configure?.(server);
  server.on(
    shape.event ?? 'request',
    probed(shape, mount, () => journal),
  );
  server.on(secure ? 'secureConnection' : 'connection', (socket: net.Socket) => {
    const mine = journal;
    mine.watch('socket', socket, (event) => {
      if (event === 'close') mine.socketClosed();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    async observe(request) {
      journal = new Journal(big);
      setCurrent(journal);
      const bytes = await converse(request, port, secure, journal);
      await journal.untilQuiet();
      setCurrent(undefined);
      const { lines, watched } = journal;
      return { bytes: undated(bytes.toString('latin1')), lines: [...lines], watched };
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function converse(
  request: RequestName,
  port: number,
  secure: boolean,
  journal: Journal,
): Promise<Buffer> {
  const conversation: { requests: readonly string[]; pipelined?: boolean } = CONVERSATIONS[request];
  const socket = secure
    ? tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, secureContext })
    : net.connect({ port, host: '127.0.0.1' });
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => {});
  let closed = false;
  // Not `once` of node:events, which rejects when the connection is reset.
  const closing = new Promise<void>((resolve) => {
    socket.once('close', () => {
      closed = true;
      resolve();
    });
  });
  journal.clientLeaves = () => socket.destroy();
  const talk = async (): Promise<void> => {
    const connecting = new Promise((resolve) => {
      socket.once(secure ? 'secureConnect' : 'connect', resolve);
    });
    await Promise.race([connecting, closing]);
    const { requests, pipelined = false } = conversation;
    if (pipelined) socket.write(requests.join(''));
    let answered = 0;
    for (const text of requests) {
      answered += 1;
      if (closed) break;
      if (!pipelined) socket.write(text);
      const expected = answered;
      await Promise.race([journal.until(() => journal.closedResponses >= expected), closing]);
      if (journal.closedSockets > 0) break;
    }
    // Destroyed sockets tell the client later than the journal.
    if (journal.closedSockets === 0) socket.end();
    await closing;
    await journal.until(() => journal.closedSockets > 0);
  };
  await withinReason(talk(), journal);
  socket.destroy();
  return Buffer.concat(chunks);
}

/** A conversation that never ends is a difference too, or a fault of the shape. */
export async function withinReason(talk: Promise<void>, journal: Journal): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const stalling = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      journal.add('STALLED');
      resolve();
    }, STALLED_AFTER_MS);
  });
  await Promise.race([talk, stalling]);
  clearTimeout(timer);
}
