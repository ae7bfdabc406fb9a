// Makes load from a process of its own, with as little work for a response as can be.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { answer } from './child.js';

export interface Load {
  readonly port: number;
  readonly connections: number;
  readonly requests: number;
}

const REQUEST = Buffer.from(
  'GET /items?page=1 HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\nUser-Agent: bench\r\n\r\n',
);

/** Kept open from one load to the next. */
const pools = new Map<number, Pool>();

interface Pool {
  readonly sockets: readonly Socket[];
  /** All responses of one server are equally long. */
  readonly responseLength: number;
}

async function open(port: number, connections: number): Promise<Pool> {
  const sockets = await Promise.all(
    Array.from({ length: connections }, async () => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      await once(socket, 'connect');
      return socket;
    }),
  );
  return { sockets, responseLength: await firstResponse(sockets[0] as Socket) };
}

function firstResponse(socket: Socket): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = '';
    const onData = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      const headEnd = text.indexOf('\r\n\r\n');
      if (headEnd === -1) return;
      const length = /^HTTP\/1\.1 200 [\s\S]*\r\ncontent-length: (\d+)\r\n/i.exec(text)?.[1];
      if (length === undefined) {
        reject(new Error(`unexpected response: ${text}`));
      } else if (text.length === headEnd + 4 + Number(length)) {
        socket.off('data', onData);
        resolve(text.length);
      }
    };
    socket.on('data', onData);
    socket.write(REQUEST);
  });
}

function run({ sockets, responseLength }: Pool, requests: number): Promise<void> {
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
      const send = (): void => {
        if (toSend === 0) return;
        toSend -= 1;
        socket.write(REQUEST);
      };
      const onData = (chunk: Buffer): void => {
        received += chunk.length;
        if (received < responseLength) return;
        received -= responseLength;
        if (received !== 0) finish(new Error('a response is longer than the first one was'));
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
  async load({ port, connections, requests }: Load): Promise<void> {
    let pool = pools.get(port);
    // A server closes what was idle for a few seconds, which the turns of the others may take.
    if (
      pool === undefined ||
      pool.sockets.some((socket) => socket.destroyed || socket.readableEnded)
    ) {
      pool = await open(port, connections);
    }
    pools.set(port, pool);
    await run(pool, requests);
  },
  /** Reads one event stream to its end. Gives how many events came. */
  async events(port: number, count: number): Promise<number> {
    const socket = connect(port, '127.0.0.1');
    socket.write(`GET /${count} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    let seen = 0;
    socket.on('data', (chunk: Buffer) => {
      for (let at = chunk.indexOf('data:'); at !== -1; at = chunk.indexOf('data:', at + 5)) seen++;
    });
    await once(socket, 'close');
    return seen;
  },
  forget(): void {
    for (const { sockets } of pools.values()) for (const socket of sockets) socket.destroy();
    pools.clear();
  },
};
export type LoadClient = typeof commands;
answer(commands);
