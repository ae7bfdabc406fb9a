import http from 'node:http';
import http2 from 'node:http2';
import { Readable } from 'node:stream';
import fastifyCompress from '@fastify/compress';
import fastifyCookie from '@fastify/cookie';
import fastifyCors from '@fastify/cors';
import fastifySession from '@fastify/session';
import type { HoldHandle } from '@holdopen/core';
import { drain, type FastifyHoldOpenOptions, holdOpen, registry } from '@holdopen/fastify';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { OUTER_OPTIONS, optionsOf } from '../instrumented.js';
import { hostOf, keyOf, note } from '../observed.js';
import { play, type Voice } from '../play.js';
import type { Row } from '../row.js';
import type { App, NodeListener } from './app.js';
import { CORS } from './cors.js';

declare module 'fastify' {
  interface Session {
    key?: string;
    visits?: number;
  }
}

/** An async handler that returns what it answers with. */
class FastifyVoice implements Voice {
  readonly key: string;
  readonly #request: FastifyRequest;
  readonly #reply: FastifyReply;

  constructor(request: FastifyRequest, reply: FastifyReply) {
    this.key = keyOf(hostOf(request)).key;
    this.#request = request;
    this.#reply = reply;
  }

  get hold(): HoldHandle | undefined {
    return this.#request.holdOpen;
  }

  get method(): string {
    return this.#request.method;
  }

  get path(): string {
    return this.#request.url;
  }

  requestHeader(name: string): string | undefined {
    return this.#request.headers[name] as string | undefined;
  }

  /** Fastify has read it by now. */
  async readBody(): Promise<string> {
    return String(this.#request.body);
  }

  status(code: number): void {
    this.#reply.code(code);
  }

  header(name: string, value: string): void {
    this.#reply.header(name, value);
  }

  cookie(name: string, value: string): void {
    this.#reply.setCookie(name, value, { path: '/' });
  }

  session(visits: number): void {
    this.#request.session.key = this.key;
    this.#request.session.visits = visits;
  }

  json(value: unknown): unknown {
    return value;
  }

  send(type: string, body: string | Uint8Array): unknown {
    if (!this.#reply.hasHeader('content-type')) this.#reply.type(type);
    return typeof body === 'string' ? body : Buffer.from(body);
  }

  empty(): unknown {
    return this.#reply.send();
  }

  redirect(code: number, to: string): unknown {
    return this.#reply.redirect(to, code);
  }

  stream(type: string, body: AsyncIterable<Uint8Array>): unknown {
    return this.#reply.type(type).send(Readable.from(body, { objectMode: false }));
  }
}

/** Notes what is saved. */
class NotedStore {
  readonly #sessions = new Map<string, unknown>();

  set(id: string, session: { key?: string; visits?: number }, done: () => void): void {
    this.#sessions.set(id, session);
    if (session.key !== undefined) note(session.key, 'session saved', { visits: session.visits });
    done();
  }

  get(id: string, done: (error: null, session: never) => void): void {
    done(null, this.#sessions.get(id) as never);
  }

  destroy(id: string, done: () => void): void {
    this.#sessions.delete(id);
    done();
  }
}

async function surround(app: FastifyInstance, row: Row): Promise<void> {
  const around = row.around ?? [];
  await app.register(fastifyCookie);
  if (around.includes('cors')) await app.register(fastifyCors, CORS);
  if (around.includes('compression inside')) {
    await app.register(fastifyCompress, { threshold: 0 });
  }
  if (around.includes('session')) {
    await app.register(fastifySession, {
      secret: 'a secret of at least thirty-two letters',
      cookie: { secure: false },
      saveUninitialized: false,
      store: new NotedStore(),
    });
  }
  if (around.includes('error handler')) {
    app.setErrorHandler((error: Error, _request, reply) =>
      reply.code(418).send({ handled: error.message }),
    );
  }
  if (around.includes('logger')) {
    app.addHook('onResponse', async (request, reply) => {
      note(keyOf(hostOf(request)).key, 'logged', { status: reply.statusCode });
    });
  }
}

let lastBuild: Promise<void> = Promise.resolve();

/** One at a time and with room for timers between them: many at once would stall all other rows. */
function buildOn(app: FastifyInstance, row: Row, held: boolean): Promise<void> {
  lastBuild = lastBuild
    .then(() => new Promise<void>((resolve) => setTimeout(resolve)))
    .then(() => setUp(app, row, held));
  return lastBuild;
}

async function setUp(app: FastifyInstance, row: Row, held: boolean): Promise<void> {
  const options = optionsOf(row) as FastifyHoldOpenOptions;
  if (row.around?.includes('compression outside')) {
    await app.register(fastifyCompress, { threshold: 0 });
  }
  if (held) {
    const { mount = 'route' } = row;
    const outer = { route: { global: false }, global: options, both: OUTER_OPTIONS }[mount];
    await app.register(holdOpen, outer as FastifyHoldOpenOptions);
  }
  await surround(app, row);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  const config = held && row.mount !== 'global' ? { holdOpen: options } : {};
  app.route({
    method: ['GET', 'POST', 'OPTIONS'],
    url: '/',
    config,
    handler: (request, reply) => play(row.script, new FastifyVoice(request, reply)),
  });
  await app.ready();
}

/** On a route, and if that refuses them, as options of the plugin. */
async function mountBothWays(options: never): Promise<void> {
  const onRoute = fastify();
  await onRoute.register(holdOpen, { global: false });
  let refused = false;
  try {
    onRoute.get('/', { config: { holdOpen: options } }, () => ({}));
  } catch {
    refused = true;
  }
  if (refused) await fastify().register(holdOpen, options);
}

export const app: App = {
  kind: 'node',
  drain,
  registry,
  mount: mountBothWays,
  async build(row, held) {
    let listener: NodeListener = () => {};
    const serverFactory = (handler: NodeListener): http.Server => {
      listener = handler;
      return http.createServer(handler);
    };
    await buildOn(fastify({ serverFactory }), row, held);
    return listener;
  },
  async buildHttp2(row, held) {
    let listener: NodeListener = () => {};
    const created = fastify({
      http2: true,
      serverFactory(handler) {
        listener = handler as unknown as NodeListener;
        return http2.createServer(handler);
      },
    });
    await buildOn(created as unknown as FastifyInstance, row, held);
    return listener;
  },
};
