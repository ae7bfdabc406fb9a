// Sends small requests from a process of its own, and looks at each answer.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { answer } from '../child.js';

export interface Requests {
  readonly port: number;
  readonly connections: number;
  readonly count: number;
  /** `new`: another one for each request. `same`: one for all. */
  readonly key: 'none' | 'new' | 'same';
}

const BODY = '{"page":1}';
const ANSWER = '{"page":1,"items":[1,2,3],"text":"Hello, world."}';
const HEAD = `POST /items HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${BODY.length}\r\n`;
const oneKey = randomUUID();

/** Kept open from one load to the next. */
const pools = new Map<number, readonly Socket[]>();

function requestText(key: Requests['key']): string {
  if (key === 'none') return `${HEAD}\r\n${BODY}`;
  return `${HEAD}Idempotency-Key: ${key === 'same' ? oneKey : randomUUID()}\r\n\r\n${BODY}`;
}

async function poolOf({ port, connections }: Requests): Promise<readonly Socket[]> {
  const there = pools.get(port);
  // A server closes what was idle for a few seconds, which the turns of the others may take.
  const isWhole = there?.every((socket) => !socket.destroyed && !socket.readableEnded);
  if (there !== undefined && isWhole) return there;
  for (const socket of there ?? []) socket.destroy();
  const pool = await Promise.all(
    Array.from({ length: connections }, async () => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      await once(socket, 'connect');
      return socket;
    }),
  );
  pools.set(port, pool);
  return pool;
}

/** One request and its whole answer. */
function exchange(socket: Socket, request: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    const finish = (error?: Error): void => {
      socket.off('data', onData).off('close', onClose);
      if (error === undefined) resolve();
      else reject(error);
    };
    const onClose = (): void => finish(new Error('the server closed a connection'));
    const onData = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      const bodyAt = text.indexOf('\r\n\r\n') + 4;
      if (bodyAt < 4 || text.length < bodyAt + ANSWER.length) return;
      const isGood = text.startsWith('HTTP/1.1 200 ') && text.slice(bodyAt) === ANSWER;
      finish(isGood ? undefined : new Error(`unexpected answer: ${text}`));
    };
    socket.on('data', onData).on('close', onClose);
    socket.write(request);
  });
}

const commands = {
  /** Gives how long all of them took. */
  async load(requests: Requests): Promise<number> {
    const pool = await poolOf(requests);
    const texts = Array.from({ length: requests.count }, () => requestText(requests.key));
    const startMs = performance.now();
    await Promise.all(
      pool.map(async (socket) => {
        for (let text = texts.pop(); text !== undefined; text = texts.pop()) {
          await exchange(socket, text);
        }
      }),
    );
    return performance.now() - startMs;
  },
};
export type RequestClient = typeof commands;
answer(commands);
