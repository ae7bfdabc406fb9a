// A server in a process of its own: `adapter-server.ts <adapter> <bare|held> <json|events>`.
import { createServer, type Server } from 'node:http';
import { holdOpen as holdExpress } from '@holdopen/express';
import { holdOpen as holdFastify } from '@holdopen/fastify';
import { holdOpen as holdFetch } from '@holdopen/fetch';
import { holdOpen as holdHono } from '@holdopen/hono';
import { createAdaptorServer } from '@hono/node-server';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import { answer } from './child.js';
import { serve } from './serve.js';

export type AdapterName = 'express' | 'fastify' | 'hono' | 'fetch';

const DOCUMENT = { ok: true, items: [1, 2, 3], text: 'Hello, world.' };
const EVENTS = Array.from({ length: 64 }, (_, i) =>
  Buffer.from(`data: {"n":${i},"text":"some words"}\n\n`),
);
const EVENT_HEADERS = { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' };

function events(request: Request): Response {
  const count = Number(new URL(request.url).pathname.slice(1));
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.enqueue(EVENTS[sent & 63] as Uint8Array);
      sent += 1;
      if (sent === count) controller.close();
    },
  });
  return new Response(body, { headers: EVENT_HEADERS });
}

const [adapter, mount, handler] = process.argv.slice(2) as [AdapterName, string, string];
const isHeld = mount === 'held';

const servers: Record<AdapterName, () => Server | Promise<Server>> = {
  express() {
    const app = express();
    app.disable('etag');
    app.use(isHeld ? holdExpress() : (_req, _res, next) => next());
    app.get('/items', async (_req, res) => {
      res.json(await Promise.resolve(DOCUMENT));
    });
    return createServer(app);
  },
  async fastify() {
    const app = fastify();
    if (isHeld) await app.register(holdFastify);
    app.get('/items', async () => DOCUMENT);
    await app.ready();
    return app.server;
  },
  hono() {
    const app = new Hono();
    app.use(isHeld ? holdHono() : async (_c, next) => void (await next()));
    if (handler === 'events') app.get('/:count', (c) => events(c.req.raw));
    else app.get('/items', async (c) => c.json(await Promise.resolve(DOCUMENT)));
    return createAdaptorServer({ fetch: app.fetch }) as Server;
  },
  fetch() {
    const answerRequest = async (request: Request): Promise<Response> =>
      handler === 'events' ? events(request) : Response.json(await Promise.resolve(DOCUMENT));
    const fetch = isHeld ? holdFetch(answerRequest) : answerRequest;
    return createAdaptorServer({ fetch }) as Server;
  },
};

answer(await serve(await servers[adapter]()));
