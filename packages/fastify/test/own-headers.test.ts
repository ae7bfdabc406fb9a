import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { expect, test } from 'vitest';
import { ask } from '../../node/test/held/support/ask.js';
import { readHeldJson } from '../../node/test/held/support/payload.js';
import { held } from './support/held.js';
import { serve, serveHeld } from './support/serve.js';

/** What a handler reads of its reply's headers, late, with and without holdopen. */
async function readsLate(
  before: (reply: FastifyReply) => void,
  read: (reply: FastifyReply) => unknown,
): Promise<readonly [plain: unknown, held: unknown]> {
  const build = (app: FastifyInstance): void => {
    app.get('/', async (request: FastifyRequest, reply) => {
      before(reply);
      if (request.raw.holdOpen !== undefined) await held(request);
      return { read: read(reply) };
    });
  };
  const plain = await ask(await serve(build));
  const reply = await ask(await serveHeld(build));
  return [JSON.parse(plain.body).read, JSON.parse(reply.body).read];
}

test('after the commit a reply has the headers that it was given, and Node’s response its own', async () => {
  const [plain, late] = await readsLate(
    (reply) => {
      reply.raw.setHeader('x-raw', '1');
      reply.headers({ 'x-one': '1', 'set-cookie': ['a=1', 'b=2'] }).type('application/json');
    },
    (reply) => {
      reply.removeHeader('x-one').header('x-two', '2');
      return {
        reply: reply.getHeaders(),
        raw: reply.raw.getHeaders(),
        has: [reply.hasHeader('x-one'), reply.raw.hasHeader('set-cookie'), reply.sent],
        status: [reply.statusCode, reply.raw.headersSent, reply.raw.writableEnded],
      };
    },
  );
  expect(late).toEqual(plain);
});

test('an error handler picks the type of its answer anew, whatever the reply was to be', async () => {
  const served = await serveHeld((app) => {
    app.setErrorHandler((error: Error, _request, reply) => {
      reply.code(409).send({ told: error.message });
    });
    app.get('/', async (request, reply) => {
      reply.type('text/event-stream');
      await held(request);
      throw new Error('no events');
    });
  });
  const reply = await ask(served, { headers: { Accept: 'text/event-stream' } });
  expect(reply.headers.holdopen).toBe('interval=60, format=sse');
  expect(reply.body).toContain(': holdopen status=409\n\n');
  expect(reply.body).toContain('data: {"told":"no events"}\n\n');
});

test('a header that was prepared and is taken back does not come again', async () => {
  const served = await serveHeld((app) => {
    app.get('/', async (request, reply) => {
      reply.header('retry-after', '5').header('location', '/a');
      await held(request);
      reply.removeHeader('retry-after').header('location', '/b');
      return {};
    });
  });
  const reply = await ask(served);
  expect(reply.headers).toMatchObject({ 'retry-after': '5', location: '/a' });
  expect(readHeldJson(reply.body).lateHead?.headers).toEqual([['location', '/b']]);
});
