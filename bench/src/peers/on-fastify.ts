import type { Server } from 'node:http';
import { fastifySSE } from '@fastify/sse';
import { holdOpen } from '@holdopen/fastify';
import fastify from 'fastify';
import { bareSink, DATA, eventsAsked, sendAll } from './sink.js';

export type FastifyPeer = 'fastify' | 'fastify, holdOpen' | '@fastify/sse';

export async function onFastify(peer: FastifyPeer, intervalMs: number): Promise<Server> {
  const app = fastify();
  if (peer === '@fastify/sse') {
    await app.register(fastifySSE, { heartbeatInterval: intervalMs, serializer: String });
    app.get('/:count', { sse: 'only' }, async (request, reply) => {
      const count = eventsAsked(request.url);
      if (count === undefined) {
        reply.sse.keepAlive();
        reply.sse.sendHeaders();
        return;
      }
      for (let i = 0; i < count; i++) await reply.sse.send({ data: DATA[i & 63] });
      reply.sse.close();
    });
  } else {
    if (peer === 'fastify, holdOpen') await app.register(holdOpen, { intervalMs });
    app.get('/:count', (request, reply) => {
      // What @fastify/sse does below: the response is Node's from here on.
      reply.hijack();
      const count = eventsAsked(request.url);
      const sink = bareSink(reply.raw);
      if (count !== undefined) void sendAll(sink, count, reply.raw);
    });
  }
  await app.ready();
  return app.server;
}
