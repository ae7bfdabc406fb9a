import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { HoldHandle } from '@holdopen/core';
import { runsMiddleware } from '@holdopen/runs/node';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  type Around,
  holdOptions,
  type Mount,
  textOf,
  type Voice,
  type Work,
} from '../../../node/test/runs/support/index.js';
import { holdOpen } from '../../src/index.js';
import { createApp, serveApp } from '../support/serve.js';

/** As a handler of Fastify answers. */
class FastifyVoice implements Voice {
  readonly req: IncomingMessage;
  readonly #request: FastifyRequest;
  readonly #reply: FastifyReply;

  constructor(request: FastifyRequest, reply: FastifyReply) {
    this.req = request.raw;
    this.#request = request;
    this.#reply = reply;
  }

  get hold(): HoldHandle | undefined {
    return this.#request.holdOpen;
  }

  async text(): Promise<string> {
    const { body } = this.#request;
    if (body instanceof Readable) return textOf(body);
    return typeof body === 'string' ? body : JSON.stringify(body);
  }

  json(value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): unknown {
    return this.#reply.code(status).headers(headers).send(value);
  }

  empty(status: number): unknown {
    return this.#reply.code(status).send();
  }

  stream(type: string, source: AsyncIterable<string>): unknown {
    return this.#reply.type(type).send(Readable.from(source));
  }

  raw(): ServerResponse {
    this.#reply.hijack();
    return this.#reply.raw;
  }
}

export type Place = 'route' | 'over all' | 'nested';

/** `config: { holdOpen }` of a route, `register(holdOpen, options)`, or one inside another. */
export function fastifyMount(place: Place, transport: Mount['transport'] = 'HTTP/1.1'): Mount {
  return {
    transport,
    async serve(work, around) {
      const app = createApp({}, transport);
      await build(app, work, around, place);
      return serveApp(app, transport);
    },
  };
}

async function build(
  app: FastifyInstance,
  work: Work,
  around: Around,
  place: Place,
): Promise<void> {
  const { runs, isBare, isTwice, isUnparsed, outer, before } = around;
  const options = holdOptions(around);
  if (runs !== undefined) {
    const routes = runsMiddleware(runs);
    app.addHook('onRequest', (request, reply, done) => routes(request, reply.raw, done));
  }
  if (outer !== undefined) {
    app.addHook('onRequest', (request, reply, done) => outer(request.raw, reply.raw, done));
  }
  if (isUnparsed === true) {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
  }
  if (before !== undefined) {
    app.addHook('preHandler', (request, _reply, done) => {
      const passing = before(request.raw);
      if (passing === undefined) done();
      else void passing.then(() => done());
    });
  }
  const isOverAll = place !== 'route' || isTwice === true;
  if (isBare !== true) await app.register(holdOpen, isOverAll ? options : { global: false });
  const route = (inner: FastifyInstance): void => {
    inner.route({
      method: ['GET', 'POST'],
      url: '/work',
      config: place === 'route' && isBare !== true ? { holdOpen: options } : {},
      handler: async (request, reply) => {
        await work(new FastifyVoice(request, reply));
        return reply;
      },
    });
  };
  if (place !== 'nested') {
    route(app);
    return;
  }
  await app.register(async (inner) => {
    if (isBare !== true) await inner.register(holdOpen, options);
    route(inner);
  });
}
