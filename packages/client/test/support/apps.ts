import type { RequestListener } from 'node:http';
import { Readable } from 'node:stream';
import { holdOpen as holdExpress } from '@holdopen/express';
import { holdOpen as holdFastify } from '@holdopen/fastify';
import { holdOpen as holdHandler } from '@holdopen/fetch';
import { holdOpen as holdHono } from '@holdopen/hono';
import { holdOpen as holdNode } from '@holdopen/node';
import { getRequestListener } from '@hono/node-server';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import { listenerOf, QUICK } from './servers.js';

/** What the handlers of all apps answer with, but for `/events`. */
export const ANSWERS: Readonly<Record<string, Answer>> = {
  '/created': { status: 201, headers: { Location: '/made/1' }, body: { made: 'ü' } },
  '/refused': { status: 422, headers: { 'Retry-After': '3' }, body: { why: 'no' } },
  '/nothing': { status: 204, headers: {} },
};

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

const EVENTS = ['id: 1\ndata: a\n\n', 'event: b\ndata: two\ndata: lines\n\n'] as const;
const EVENT_STREAM = { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' };

/** An app whose handlers wait before they answer, and between two events. */
export type App = (wait: Promise<void>, onBeat: () => void) => Promise<RequestListener>;

const answerTo = (path: string): Answer => ANSWERS[path] ?? { status: 404, headers: {} };
const optionsOf = (onBeat: () => void) => ({ ...QUICK, onBeat });

async function* eventsBehind(wait: Promise<void>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  yield encoder.encode(EVENTS[0]);
  await wait;
  yield encoder.encode(EVENTS[1]);
}

/** By nothing but what every response of Node has. */
const onNode =
  (wait: Promise<void>): RequestListener =>
  async (request, response) => {
    const path = request.url ?? '';
    if (path === '/events') {
      response.writeHead(200, EVENT_STREAM);
      for await (const bytes of eventsBehind(wait)) response.write(bytes);
      response.end();
      return;
    }
    await wait;
    const { status, headers, body } = answerTo(path);
    const type = { 'Content-Type': 'application/json' };
    response.writeHead(status, body === undefined ? headers : { ...headers, ...type });
    response.end(body === undefined ? undefined : JSON.stringify(body));
  };

const node: App = async (wait, onBeat) => holdNode(onNode(wait), optionsOf(onBeat));

const onExpress: App = async (wait, onBeat) => {
  const app = express();
  app.get('/events', holdExpress(optionsOf(onBeat)), onNode(wait));
  app.all('/:path', holdExpress(optionsOf(onBeat)), async (request, response) => {
    await wait;
    const { status, headers, body } = answerTo(request.path);
    response.status(status).set(headers);
    if (body === undefined) response.end();
    else response.json(body);
  });
  return app;
};

const onFastify: App = async (wait, onBeat) => {
  const app = fastify();
  await app.register(holdFastify, { ...optionsOf(onBeat), global: false });
  const config = { holdOpen: optionsOf(onBeat) };
  app.get('/events', { config }, (_, reply) =>
    reply.headers(EVENT_STREAM).send(Readable.from(eventsBehind(wait))),
  );
  app.all('/:path', { config }, async (request, reply) => {
    await wait;
    const { status, headers, body } = answerTo(request.url);
    return reply.code(status).headers(headers).send(body);
  });
  await app.ready();
  return (request, response) => app.routing(request, response);
};

const onHono: App = async (wait, onBeat) => {
  const app = new Hono();
  // Not by streamSSE, whose Transfer-Encoding no response over HTTP/2 can have.
  app.get('/events', holdHono(optionsOf(onBeat)), (c) =>
    c.body(ReadableStream.from(eventsBehind(wait)), 200, EVENT_STREAM),
  );
  app.all('/:path', holdHono(optionsOf(onBeat)), async (c) => {
    await wait;
    const { status, headers, body } = answerTo(c.req.path);
    if (body === undefined) return new Response(null, { status, headers });
    return Response.json(body, { status, headers });
  });
  return getRequestListener(app.fetch, { overrideGlobalObjects: false });
};

const onFetch: App = async (wait, onBeat) => {
  const handler = async (request: Request): Promise<Response> => {
    const { pathname } = new URL(request.url);
    if (pathname === '/events') {
      const body = ReadableStream.from(eventsBehind(wait));
      return new Response(body, { headers: EVENT_STREAM });
    }
    await wait;
    const { status, headers, body } = answerTo(pathname);
    if (body === undefined) return new Response(null, { status, headers });
    return Response.json(body, { status, headers });
  };
  return listenerOf(holdHandler(handler, { ...optionsOf(onBeat), format: 'json' }));
};

export const APPS: readonly (readonly [name: string, app: App])[] = [
  ['node:http', node],
  ['Express', onExpress],
  ['Fastify', onFastify],
  ['Hono', onHono],
  ['fetch', onFetch],
];
