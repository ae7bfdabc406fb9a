// The floor of all that watch: a plain server that writes the same event to each response.
import { createServer, type ServerResponse } from 'node:http';
import { answer } from '../child.js';
import { serve } from '../serve.js';
import { liveEvent } from './live-streams.js';
import { sharedMs } from './shared-clock.js';

const HEAD = { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' };

const all = new Set<ServerResponse>();
const server = createServer((_req, res) => {
  res.writeHead(200, HEAD);
  res.write(liveEvent(0, sharedMs()));
  all.add(res);
  res.on('close', () => all.delete(res));
});

const commands = {
  ...(await serve(server)),
  append(n: number): void {
    const bytes = Buffer.from(liveEvent(n, sharedMs()));
    for (const res of all) res.write(bytes);
  },
  endLive(): void {
    for (const res of all) res.end();
  },
  connections: () =>
    new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count))),
};
export type FanOutServer = typeof commands;
answer(commands);
