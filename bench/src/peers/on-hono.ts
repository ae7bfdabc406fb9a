import type { Server } from 'node:http';
import { holdOpen } from '@holdopen/hono';
import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import { BEAT, DATA, eventsAsked } from './sink.js';

export type HonoPeer = 'hono streamSSE' | 'hono streamSSE, holdOpen' | 'hono streamSSE, loop';

export function onHono(peer: HonoPeer, intervalMs: number): Server {
  const app = new Hono();
  if (peer === 'hono streamSSE, holdOpen') app.use(holdOpen({ intervalMs }));
  app.get('/:count', (c) =>
    streamSSE(c, async (stream) => {
      const count = eventsAsked(c.req.path);
      if (count === undefined) {
        if (peer === 'hono streamSSE, loop') return beatUntilGone(stream, intervalMs);
        return new Promise((resolve) => stream.onAbort(resolve));
      }
      const timer =
        peer === 'hono streamSSE, loop'
          ? setInterval(() => void stream.write(BEAT), intervalMs)
          : undefined;
      try {
        for (let i = 0; i < count; i++) await stream.writeSSE({ data: DATA[i & 63] as string });
      } finally {
        clearInterval(timer);
      }
    }),
  );
  return createAdaptorServer({ fetch: app.fetch }) as Server;
}

/** As the documentation of streamSSE writes what repeats: a loop that sleeps. */
async function beatUntilGone(stream: SSEStreamingApi, intervalMs: number): Promise<void> {
  while (!stream.aborted) {
    await stream.write(BEAT);
    await stream.sleep(intervalMs);
  }
}
