import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { describe, expect, test } from 'vitest';
import { ask } from '../../node/test/held/support/ask.js';
import { readHeldJson } from '../../node/test/held/support/payload.js';
import { until } from '../../node/test/held/support/wait.js';
import { held } from './support/held.js';
import { serve, serveHeld } from './support/serve.js';

/** Writes down each hook as it runs, with the status that the reply has then. */
function journalOf(app: FastifyInstance): string[] {
  const journal: string[] = [];
  const note = (name: string, reply: FastifyReply) => journal.push(`${name} ${reply.statusCode}`);
  const plain =
    (name: string) =>
    async (_request: FastifyRequest, reply: FastifyReply): Promise<void> =>
      void note(name, reply);
  app.addHook('onRequest', plain('onRequest'));
  app.addHook('preParsing', async (_request, reply) => void note('preParsing', reply));
  app.addHook('preValidation', plain('preValidation'));
  app.addHook('preHandler', plain('preHandler'));
  app.addHook('preSerialization', async (_request, reply, payload) => {
    note('preSerialization', reply);
    return payload;
  });
  app.addHook('onSend', async (_request, reply, payload) => {
    note(`onSend ${typeof payload}`, reply);
    return payload;
  });
  app.addHook('onError', async (_request, reply, error) => {
    note(`onError ${error.message}`, reply);
  });
  app.addHook('onResponse', plain('onResponse'));
  return journal;
}

describe('hooks run after the commit as they do before', () => {
  test.each([
    ['/value', 'onResponse 201'],
    ['/thrown', 'onResponse 409'],
    ['/invalid?n=many', 'onResponse 400'],
    ['/nowhere', 'onResponse 404'],
    ['/not-found', 'onResponse 404'],
    ['/redirect', 'onResponse 302'],
  ])('for %s', async (path, last) => {
    const seen: string[][] = [];
    for (const isHeld of [false, true]) {
      let journal: string[] = [];
      const build = (app: FastifyInstance): void => {
        if (isHeld) app.addHook('onRequest', async (request) => held(request));
        journal = journalOf(app);
        app.get('/value', async (_request, reply) => {
          reply.code(201);
          return { a: 1 };
        });
        app.get('/thrown', async () => {
          throw Object.assign(new Error('busy'), { statusCode: 409 });
        });
        const querystring = { type: 'object', properties: { n: { type: 'integer' } } };
        app.get('/invalid', { schema: { querystring } }, async () => ({}));
        app.get('/not-found', (_request, reply) => reply.callNotFound());
        app.get('/redirect', (_request, reply) => reply.redirect('/'));
      };
      const served = await (isHeld ? serveHeld(build) : serve(build));
      const reply = await ask(served, { path });
      expect('holdopen' in reply.headers).toBe(isHeld);
      await until('onResponse has run', () => journal.at(-1)?.startsWith('onResponse') === true);
      seen.push(journal);
    }
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[1]?.at(-1)).toBe(last);
  });
});

test('what preSerialization and onSend make of the payload is what leaves late', async () => {
  const served = await serveHeld((app) => {
    app.addHook('preSerialization', async (_request, _reply, payload) => ({ wrapped: payload }));
    app.addHook('onSend', async (_request, reply, payload) => {
      reply.code(202);
      return String(payload).replace('some', 'any');
    });
    app.get('/', async (request) => {
      await held(request);
      return { some: 'thing' };
    });
  });
  const { lateHead, payload } = readHeldJson((await ask(served)).body);
  expect(payload).toBe('{"wrapped":{"any":"thing"}}');
  expect(lateHead?.status).toBe(202);
});

test('a schema cuts down the late payload, and what does not fit it is a late failure', async () => {
  const properties = { id: { type: 'string' } };
  const schema = { response: { 200: { type: 'object', required: ['id'], properties } } };
  const served = await serveHeld((app) => {
    app.get('/:what', { schema }, async (request) => {
      await held(request);
      const { what } = request.params as { what: string };
      return what === 'fits' ? { id: 7, secret: 'no' } : { secret: 'no' };
    });
  });
  const fits = await ask(served, { path: '/fits' });
  expect(readHeldJson(fits.body)).toMatchObject({ lateHead: undefined, payload: '{"id":"7"}' });
  const fails = await ask(served, { path: '/fails' });
  expect(fails.ended).toBe('cut');
  expect(readHeldJson(fails.body).lateHead?.status).toBe(500);
  expect(JSON.parse(`${fails.body}}`)).toMatchObject({ message: '"id" is required!' });
});

test('the handler runs once, in the context of its request', async () => {
  let calls = 0;
  const ids: unknown[] = [];
  const served = await serveHeld(
    (app) => {
      app.get('/', async (request) => {
        calls += 1;
        await held(request);
        ids.push(request.id);
        return {};
      });
    },
    { onBeat: (_hold, request) => void ids.push(request.id) },
  );
  await ask(served);
  expect(calls).toBe(1);
  expect(new Set(ids).size).toBe(1);
  expect(ids.length).toBeGreaterThan(1);
});
