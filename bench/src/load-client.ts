// Makes load from a process of its own, with as little work for a response as looking at it allows.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { answer } from './child.js';

export interface Load {
  readonly port: number;
  readonly connections: number;
  readonly requests: number;
  readonly request?: AskedFor;
}

/** What is asked for. `events`: how many each response has; otherwise it is the document that all servers have. */
interface AskedFor {
  readonly path: string;
  readonly accept: string;
  readonly events?: number;
}

const DEFAULT_REQUEST: AskedFor = { path: '/items?page=1', accept: 'application/json' };
/** All servers send it, with spaces or without. */
const DOCUMENT = /"ok":\s?true.*"text":\s?"Hello, world\."/;
const LAST_CHUNK = '\r\n0\r\n\r\n';
const EVENT = 'data:';

/** Kept open from one load to the next. */
const pools = new Map<number, Pool>();

interface Pool {
  readonly request: Buffer;
  readonly sockets: readonly Socket[];
  /** All responses of one server are equally long, unless they come in chunks (`undefined`). */
  readonly length: number | undefined;
  /** Whether a whole response is what was asked for. */
  isRight(response: string): boolean;
}

async function open({ port, connections, request: asked = DEFAULT_REQUEST }: Load): Promise<Pool> {
  const request = Buffer.from(
    `GET ${asked.path} HTTP/1.1\r\nHost: localhost\r\nAccept: ${asked.accept}\r\nUser-Agent: bench\r\n\r\n`,
  );
  const sockets = await Promise.all(
    Array.from({ length: connections }, async () => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      await once(socket, 'connect');
      return socket;
    }),
  );
  const { events } = asked;
  const isRight = (response: string): boolean =>
    response.startsWith('HTTP/1.1 200 ') &&
    (events === undefined ? DOCUMENT.test(response) : response.split(EVENT).length - 1 === events);
  const first = await firstResponse(sockets[0] as Socket, request);
  if (!isRight(first)) throw new Error(`unexpected response: ${first}`);
  const isChunked = /\r\ntransfer-encoding: chunked\r\n/i.test(first);
  return { request, sockets, length: isChunked ? undefined : first.length, isRight };
}

/** Of a server that nobody has asked yet: its length is not known. */
function firstResponse(socket: Socket, request: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const onData = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      const bodyAt = text.indexOf('\r\n\r\n') + 4;
      if (bodyAt < 4) return;
      const head = text.slice(0, bodyAt);
      const length = /\r\ncontent-length: (\d+)\r\n/i.exec(head)?.[1];
      const isWhole =
        length === undefined ? text.endsWith(LAST_CHUNK) : text.length === bodyAt + Number(length);
      if (!isWhole) return;
      socket.off('data', onData).off('close', onClose);
      resolve(text);
    };
    const onClose = (): void => reject(new Error(`the server closed a connection after: ${text}`));
    socket.on('data', onData).on('close', onClose);
    socket.write(request);
  });
}

function run({ request, sockets, length, isRight }: Pool, requests: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let toSend = requests;
    let toCome = requests;
    const stops: (() => void)[] = [];
    const finish = (error?: Error): void => {
      for (const stop of stops) stop();
      if (error === undefined) resolve();
      else reject(error);
    };
    for (const socket of sockets) {
      let response = '';
      const send = (): void => {
        if (toSend === 0) return;
        toSend -= 1;
        response = '';
        socket.write(request);
      };
      const onData = (chunk: Buffer): void => {
        response += chunk.toString('latin1');
        const isWhole =
          length === undefined ? response.endsWith(LAST_CHUNK) : response.length >= length;
        if (!isWhole) return;
        if ((length !== undefined && response.length > length) || !isRight(response)) {
          finish(new Error(`unexpected response: ${response}`));
          return;
        }
        toCome -= 1;
        if (toCome === 0) finish();
        else send();
      };
      const onClose = (): void => finish(new Error('the server closed a connection'));
      socket.on('data', onData).on('close', onClose);
      stops.push(() => socket.off('data', onData).off('close', onClose));
      send();
    }
  });
}

const commands = {
  async load(load: Load): Promise<void> {
    const pool = pools.get(load.port) ?? (await open(load));
    pools.set(load.port, pool);
    await run(pool, load.requests);
  },
  /** Reads one event stream to its end. Fails unless so many events came. */
  async events(port: number, count: number): Promise<void> {
    const socket = connect(port, '127.0.0.1');
    socket.write(
      `GET /${count} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\nConnection: close\r\n\r\n`,
    );
    let seen = 0;
    let tail = '';
    // Not until it is closed: some answer "Connection: close" with "keep-alive" of their own.
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      for (let at = chunk.indexOf(EVENT); at !== -1; at = chunk.indexOf(EVENT, at + 5)) seen++;
      // One that lies across two chunks.
      if ((tail.slice(-4) + chunk.toString('latin1', 0, 4)).includes(EVENT)) seen++;
      const start = Math.max(0, chunk.length - LAST_CHUNK.length);
      tail = (tail + chunk.toString('latin1', start)).slice(-LAST_CHUNK.length);
      if (tail === LAST_CHUNK) break;
    }
    socket.destroy();
    if (seen !== count || tail !== LAST_CHUNK) {
      throw new Error(`${seen} of ${count} events came, and the end ${JSON.stringify(tail)}`);
    }
  },
};
export type LoadClient = typeof commands;
answer(commands);
