// Makes load from a process of its own, with as little work for a response as can be.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { answer } from './child.js';

export interface Load {
  readonly port: number;
  readonly connections: number;
  readonly requests: number;
  readonly request?: { readonly path: string; readonly accept: string };
}

const DEFAULT_REQUEST = { path: '/items?page=1', accept: 'application/json' };
const LAST_CHUNK = '\r\n0\r\n\r\n';

/** The last bytes of a response, as many as its last chunk has. */
function tailOf(before: string, chunk: Buffer): string {
  const start = Math.max(0, chunk.length - LAST_CHUNK.length);
  return (before + chunk.toString('latin1', start)).slice(-LAST_CHUNK.length);
}

/** Kept open from one load to the next. */
const pools = new Map<number, Pool>();

interface Pool {
  readonly request: Buffer;
  readonly sockets: readonly Socket[];
  /** All responses of one server are equally long, unless they come in chunks (`undefined`). */
  readonly responseLength: number | undefined;
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
  const responseLength = await firstResponse(sockets[0] as Socket, request);
  return { request, sockets, responseLength };
}

function firstResponse(socket: Socket, request: Buffer): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    let text = '';
    const onData = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      const headEnd = text.indexOf('\r\n\r\n');
      if (headEnd === -1) return;
      const head = text.slice(0, headEnd);
      const isChunked = /^HTTP\/1\.1 200 [\s\S]*\r\ntransfer-encoding: chunked/i.test(head);
      if (isChunked) {
        if (!text.endsWith(LAST_CHUNK)) return;
        socket.off('data', onData);
        resolve(undefined);
        return;
      }
      const length = /^HTTP\/1\.1 200 [\s\S]*\r\ncontent-length: (\d+)\r\n/i.exec(text)?.[1];
      if (length === undefined) {
        reject(new Error(`unexpected response: ${text}`));
      } else if (text.length === headEnd + 4 + Number(length)) {
        socket.off('data', onData);
        resolve(text.length);
      }
    };
    socket.on('data', onData);
    socket.write(request);
  });
}

function run({ request, sockets, responseLength }: Pool, requests: number): Promise<void> {
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
      let received = 0;
      let tail = '';
      const send = (): void => {
        if (toSend === 0) return;
        toSend -= 1;
        socket.write(request);
      };
      const isWhole = (chunk: Buffer): boolean => {
        if (responseLength === undefined) {
          tail = tailOf(tail, chunk);
          return tail === LAST_CHUNK;
        }
        received += chunk.length;
        if (received < responseLength) return false;
        received -= responseLength;
        if (received !== 0) finish(new Error('a response is longer than the first one was'));
        return true;
      };
      const onData = (chunk: Buffer): void => {
        if (!isWhole(chunk)) return;
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
    const { port, requests } = load;
    let pool = pools.get(port);
    // A server closes what was idle for a few seconds, which the turns of the others may take.
    if (
      pool === undefined ||
      pool.sockets.some((socket) => socket.destroyed || socket.readableEnded)
    ) {
      pool = await open(load);
    }
    pools.set(port, pool);
    await run(pool, requests);
  },
  /** Reads one event stream to its end. Gives how many events came. */
  async events(port: number, count: number): Promise<number> {
    const socket = connect(port, '127.0.0.1');
    socket.write(
      `GET /${count} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\nConnection: close\r\n\r\n`,
    );
    let seen = 0;
    let tail = '';
    // Not until it is closed: some answer "Connection: close" with "keep-alive" of their own.
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      for (let at = chunk.indexOf('data:'); at !== -1; at = chunk.indexOf('data:', at + 5)) seen++;
      tail = tailOf(tail, chunk);
      if (tail === LAST_CHUNK) break;
    }
    socket.destroy();
    return seen;
  },
  forget(): void {
    for (const { sockets } of pools.values()) for (const socket of sockets) socket.destroy();
    pools.clear();
  },
};
export type LoadClient = typeof commands;
answer(commands);
