import { Readable } from 'node:stream';
import { holdOpen } from '@holdopen/fastify';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { HELD_NAMES } from '../cases.js';
import type { Stage } from '../stage.js';

export async function fastifyApp(stage: Stage): Promise<FastifyInstance> {
  const app = fastify();
  await app.register(holdOpen, { global: false });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));

  const handler = async (request: FastifyRequest, reply: FastifyReply) => {
    const { status, headers, body } = await stage.play({
      url: request.url,
      method: request.method,
      body: typeof request.body === 'string' ? request.body : '',
      httpVersion: request.raw.httpVersion,
      signal: request.holdOpen.signal,
    });
    reply.code(status).headers(headers);
    return reply.send(typeof body === 'string' ? body : Readable.from(body, { objectMode: false }));
  };
  for (const name of HELD_NAMES) {
    const config = { holdOpen: stage.holdOptions(name) };
    app.route({ method: ['GET', 'POST'], url: `/:wire/${name}/*`, config, handler });
  }
  app.route({ method: ['GET', 'POST'], url: '/*', handler });
  await app.ready();
  return app;
}
