// A server whose responses never come, in a process of its own: `idle-server.ts <mode> <interval>`.
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createDoor } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { holdOpen } from '@holdopen/node';
import { answer } from './child.js';
import { cpuUs } from './cpu.js';
import { LoopWatch } from './loop-watch.js';
import type { PeerName } from './peers/peer.js';

export type IdleMode = 'bare' | 'held' | PeerName;

const [mode, interval] = process.argv.slice(2) as [IdleMode, string];
const intervalMs = Number(interval);
const BEAT = Buffer.from(': keepalive\n\n');
/** The head that holdopen sends, so that both send the same. */
const HEAD = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-store, no-transform',
  'X-Accel-Buffering': 'no',
  HoldOpen: `interval=${intervalMs}, format=sse`,
};

/** The floor: one loop that writes to all. */
function createBare(): Server {
  const all = new Set<ServerResponse>();
  setInterval(() => {
    for (const res of all) res.write(BEAT);
  }, intervalMs).unref();
  return createServer((_req, res) => {
    res.writeHead(200, HEAD);
    res.write(BEAT);
    all.add(res);
    res.on('close', () => all.delete(res));
  });
}

async function create(): Promise<Server> {
  if (mode === 'bare') return createBare();
  if (mode === 'held') return createServer(holdOpen(() => {}, { intervalMs }));
  // Not before: what the peers load would count as memory of the others.
  const { createPeer } = await import('./peers/peer.js');
  return createPeer(mode, intervalMs);
}

/**
 * To one port there are 28,232 connections from one address on Linux, and the kernel looks ever longer for a free
 * one. With several all of them are found at once.
 */
const PORTS = 8;

const server = await create();
const doors = Array.from({ length: PORTS }, () =>
  createDoor((socket) => server.emit('connection', socket)),
);
for (const door of doors) {
  door.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 });
  await once(door, 'listening');
}

const loop = new LoopWatch();

const commands = {
  ports: () => doors.map((door) => (door.address() as AddressInfo).port),
  cpuUs,
  /** After as many collections as it takes to be rid of what is only waiting to be freed. */
  async memory() {
    for (let i = 0; i < 4; i++) {
      globalThis.gc?.();
      await setImmediate();
    }
    const { heapUsed, rss } = process.memoryUsage();
    return { heapUsed, rss };
  },
  watchLoop: () => loop.start(),
  loopDelayMaxMs: () => loop.stop(),
};
export type IdleServer = typeof commands;
answer(commands);
