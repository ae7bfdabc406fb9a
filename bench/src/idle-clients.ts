// Many connections that only listen, in a process of its own.
import { Buffer } from 'node:buffer';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { answer } from './child.js';
import { LoopWatch } from './loop-watch.js';

const REQUEST = 'GET /events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n';
/** Connections that are being opened at the same time. */
const AT_ONCE = 100;
/**
 * That have not been heard of. To a client a connection is open before its server has taken it, and a kernel whose
 * queue is full (4,096 on Linux) forgets some of them.
 */
const MOST_UNHEARD = 2_000;
/** How long the first bytes of all may take. */
const OPENING_MS = 60_000;

/** Nobody looks at the bytes: one buffer for all. */
const buffer = Buffer.alloc(16_384);
const sockets: Socket[] = [];
/** When the last bytes came, by connection; 0 before the first. */
let lastMs = new Float64Array(0);
let silent = 0;
let heard = 0;
let closed = 0;

/** Lateness in tenths of a millisecond; the last cell takes all that are later. */
const CELLS = 50_000;
let cells = new Uint32Array(CELLS);
let recordsInterval: number | undefined;
const loop = new LoopWatch();

function onBytes(connection: number): void {
  const nowMs = performance.now();
  const before = lastMs[connection] ?? 0;
  lastMs[connection] = nowMs;
  heard += 1;
  if (before === 0) silent -= 1;
  else if (recordsInterval !== undefined) recordLateness(nowMs - before - recordsInterval);
}

/** What is early is not late. */
function recordLateness(lateMs: number): void {
  const cell = Math.min(CELLS - 1, Math.max(0, Math.round(lateMs * 10)));
  cells[cell] = (cells[cell] ?? 0) + 1;
}

function openOne(port: number, connection: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const onread = {
      buffer,
      callback(): boolean {
        onBytes(connection);
        return true;
      },
    };
    const socket = connect({ port, host: '127.0.0.1', onread });
    sockets.push(socket);
    socket.once('error', reject);
    socket.once('close', () => {
      closed += 1;
    });
    socket.once('connect', () => {
      socket.write(REQUEST);
      resolve();
    });
  });
}

const commands = {
  /** Resolves once each connection has had its first bytes. */
  async open(ports: readonly number[], count: number): Promise<void> {
    lastMs = new Float64Array(count);
    silent = count;
    let next = 0;
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        while (next < count) {
          const heardOf = count - silent;
          if (next - heardOf >= MOST_UNHEARD) {
            await sleep(10);
            continue;
          }
          next += 1;
          await openOne(ports[next % ports.length] as number, next - 1);
        }
      }),
    );
    const untilMs = performance.now() + OPENING_MS;
    while (silent > 0) {
      if (closed > 0) throw new Error(`${closed} connections were closed`);
      if (performance.now() > untilMs) throw new Error(`${silent} connections heard nothing`);
      await sleep(50);
    }
  },
  /** How many beats came to all of them. Nobody's lie so close together that two are read at once. */
  heard: () => heard,
  record(intervalMs: number): void {
    cells = new Uint32Array(CELLS);
    recordsInterval = intervalMs;
    loop.start();
  },
  /** By how much gaps between beats were longer than the interval, by 0.1 ms: those that still are, too. */
  recorded() {
    const nowMs = performance.now();
    const intervalMs = recordsInterval ?? Number.POSITIVE_INFINITY;
    recordsInterval = undefined;
    for (const at of lastMs) if (nowMs - at > intervalMs) recordLateness(nowMs - at - intervalMs);
    return { cells: [...cells], loopMaxMs: loop.stop() };
  },
  closed: () => closed,
  close(): void {
    for (const socket of sockets) socket.removeAllListeners('close').destroy();
    sockets.length = 0;
  },
};
export type IdleClients = typeof commands;
answer(commands);
