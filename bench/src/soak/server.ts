// The server of the soak, in a process of its own: `server.ts node|express|fastify|hono|fetch`.
import { readdirSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import * as onExpress from '@holdopen/express';
import * as onFastify from '@holdopen/fastify';
import * as onFetch from '@holdopen/fetch';
import * as onHono from '@holdopen/hono';
import * as onNode from '@holdopen/node';
import { createAdaptorServer } from '@hono/node-server';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import { answer } from '../child.js';
import { documentOf, eventsOf, type Task } from './task.js';
import { TimerCount } from './timer-count.js';

export type SoakAdapter = 'node' | 'express' | 'fastify' | 'hono' | 'fetch';

const [adapter = 'node', interval = '200'] = process.argv.slice(2) as [SoakAdapter, string];
const options = { intervalMs: Number(interval), onLateOutcome: () => {} };

class Refused extends Error {
  readonly status = 422;
  readonly statusCode = 422;
}

/** The document of a task, or its failure. */
async function work(task: Task): Promise<object> {
  await sleep(task.silentMs);
  if (task.kind === 'failure') throw new Refused('refused');
  return documentOf(task);
}

async function* events(task: Task): AsyncGenerator<string> {
  for (const [index, data] of eventsOf(task).entries()) {
    if (index > 0) await sleep(task.silentMs);
    yield data;
  }
}

function stream(task: Task): Response {
  const encoder = new TextEncoder();
  const source = events(task);
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await source.next();
      if (done === true) controller.close();
      else controller.enqueue(encoder.encode(`data: ${value}\n\n`));
    },
    cancel: () => void source.return(undefined),
  });
  return new Response(body, { headers: EVENT_STREAM });
}

const EVENT_STREAM = { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' };

type Server = ReturnType<typeof createServer>;

const SERVERS: Readonly<Record<SoakAdapter, () => Server | Promise<Server>>> = {
  node: () => createServer(onNode.holdOpen(listener, options)),
  express() {
    const app = express().use(express.json());
    app.post('/', onExpress.holdOpen(options), async (req, res) => {
      const task = req.body as Task;
      if (task.kind !== 'events') res.json(await work(task));
      else await writeEvents(task, res);
    });
    return createServer(app);
  },
  async fastify() {
    const app = Fastify();
    await app.register(onFastify.holdOpen, options);
    app.post<{ Body: Task }>('/', { config: { holdOpen: true } }, async (request, reply) => {
      const task = request.body;
      if (task.kind !== 'events') return work(task);
      reply.hijack();
      await writeEvents(task, reply.raw);
      return reply;
    });
    await app.ready();
    return app.server;
  },
  hono() {
    const app = new Hono();
    app.onError((error, c) => c.json({ error: error.message }, 422));
    app.post('/', onHono.holdOpen(options), async (c) => {
      const task = await c.req.json<Task>();
      if (task.kind !== 'events') return c.json(await work(task));
      return streamSSE(c, async (sse) => {
        for await (const data of events(task)) await sse.writeSSE({ data });
      });
    });
    return createAdaptorServer(app) as Server;
  },
  fetch() {
    const handler = onFetch.holdOpen(async (request) => {
      const task = (await request.json()) as Task;
      return task.kind === 'events' ? stream(task) : Response.json(await work(task));
    }, options);
    return createAdaptorServer({ fetch: handler }) as Server;
  },
};

const listener = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
  let body = '';
  for await (const chunk of req.setEncoding('utf8')) body += chunk;
  const task = JSON.parse(body) as Task;
  if (task.kind === 'events') return writeEvents(task, res);
  const result = await work(task);
  res.setHeader('Content-Type', 'application/json');
  res.end(JSON.stringify(result));
};

async function writeEvents(task: Task, res: ServerResponse): Promise<void> {
  res.writeHead(200, EVENT_STREAM);
  for await (const data of events(task)) {
    if (res.destroyed) return;
    res.write(`data: ${data}\n\n`);
  }
  res.end();
}

// Hundreds of thousands of failures are meant here, and need no line each.
const { error: complain } = console;
console.error = (message: unknown, error?: unknown, ...more: unknown[]) => {
  if (![message, error].some((given) => given instanceof Refused))
    complain(message, error, ...more);
};
// What an application without an error handler has of a late failure.
process.on('unhandledRejection', (error) => {
  if (!(error instanceof Refused)) throw error;
});

const timers = new TimerCount();
const server = await SERVERS[adapter]();
// A connection that a server closes while a request is on its way looks like a broken answer.
server.keepAliveTimeout = 600_000;
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

const { registry } = adapter === 'fetch' ? onFetch : onNode;

const commands = {
  port: () => (server.address() as AddressInfo).port,
  /** What would grow if something were not given back. */
  async sample() {
    for (let round = 0; round < 4; round += 1) {
      globalThis.gc?.();
      await setImmediate();
    }
    const { heapUsed, rss } = process.memoryUsage();
    const resources = process.getActiveResourcesInfo();
    const count = (kind: string): number => resources.filter((name) => name === kind).length;
    return {
      heapBytes: heapUsed,
      rssBytes: rss,
      timers: timers.size,
      sockets: count('TCPSocketWrap'),
      descriptors: descriptors(),
      holds: registry.size,
      counters: { ...registry.counters },
    };
  },
};
export type SoakServer = typeof commands;
answer(commands);

function descriptors(): number {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return 0;
  }
}
