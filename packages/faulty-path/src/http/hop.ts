import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { type Duplex, duplexPair } from 'node:stream';
import type { PlannedFault } from '../faults.js';
import { forwardedFields } from './fields.js';
import { Http10Socket } from './http-1.0-socket.js';
import { sendBody } from './send-body.js';

/** What a proxy that understands HTTP does to what passes it. */
export interface HopHabits {
  readonly isHttp10: boolean;
  readonly untilBytes: number;
  readonly untilMs: number;
  /** How much of a body comes through before it ends in good order; `undefined`: no lie. */
  readonly lieAtByte: number | undefined;
}

/** What of a plan needs to understand HTTP; `undefined` if nothing does. */
export function hopHabits(plan: readonly PlannedFault[]): HopHabits | undefined {
  const buffer = plan.find((fault) => fault.type === 'buffer');
  const lie = plan.find((fault) => fault.type === 'lying-end');
  const isHttp10 = plan.some((fault) => fault.type === 'http-1.0');
  if (buffer === undefined && lie === undefined && !isHttp10) return undefined;
  return {
    isHttp10,
    // A limit of no bytes keeps nothing back.
    untilBytes: buffer?.type === 'buffer' ? buffer.untilBytes : 0,
    untilMs: buffer?.type === 'buffer' ? buffer.untilMs : Number.POSITIVE_INFINITY,
    lieAtByte: lie?.type === 'lying-end' ? lie.atByte : undefined,
  };
}

/**
 * A reverse proxy for one client connection, made by the rules that nginx has out of the box: a
 * connection to the target for each request, hop-by-hop fields stripped, 502 for a target that does
 * not answer, a FIN where an answer breaks. Gives the client's end of it.
 */
export function openHop(habits: HopHabits, connect: (socket: Socket) => Socket): Duplex {
  const [front, back] = duplexPair();
  const server = createServer({ requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0 });
  server.on('request', (incoming, response) => {
    relay(incoming, response, habits, connect).catch(() => response.destroy());
  });
  server.emit('connection', back);
  back.on('error', () => {});
  back.on('close', () => {
    // Nobody is left to take what the client still sends.
    front.once('end', () => front.destroy());
    if (!back.writableEnded && !front.destroyed) front.push(null);
  });
  front.on('close', () => back.destroy());
  return front;
}

async function relay(
  incoming: IncomingMessage,
  response: ServerResponse,
  habits: HopHabits,
  connect: (socket: Socket) => Socket,
): Promise<void> {
  const isChunked = incoming.headers['transfer-encoding'] !== undefined;
  // HTTP/1.0 has no chunks: the length must be known first.
  const body = isChunked && habits.isHttp10 ? await gather(incoming) : undefined;
  const fields = forwardedFields(incoming);
  if (body !== undefined) fields.push('Content-Length', String(body.length));
  else if (isChunked) fields.push('Transfer-Encoding', 'chunked');

  const upstream = request({
    createConnection: () => connect(habits.isHttp10 ? new Http10Socket() : new Socket()),
    method: incoming.method,
    path: incoming.url,
    setHost: false,
    headers: [...fields, 'Connection', 'close'],
  });
  response.on('close', () => upstream.destroy());
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    upstream.on('response', resolve).on('error', reject);
  });
  if (body === undefined) incoming.pipe(upstream);
  else upstream.end(body);

  let answer: IncomingMessage;
  try {
    answer = await answered;
  } catch {
    response.writeHead(502).end();
    return;
  }
  // Node takes a reset for the end of an answer that has no length.
  upstream.on('error', (error) => answer.destroy(error));
  answer.on('error', () => {});
  await sendBody(answer, response, habits);
}

async function gather(incoming: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of incoming) pieces.push(piece);
  return Buffer.concat(pieces);
}
