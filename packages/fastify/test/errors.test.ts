import type { FastifyInstance } from 'fastify';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { ask, type Question } from '../../node/test/held/support/ask.js';
import { anyPrefixParses, readHeldJson } from '../../node/test/held/support/payload.js';
import { until } from '../../node/test/held/support/wait.js';
import type { LateError, LateOutcome } from '../src/index.js';
import { held } from './support/held.js';
import { HTTP_VERSIONS, serveHeld } from './support/serve.js';

const handlers = (app: FastifyInstance): void => {
  app.get('/callback', (request, reply) => {
    void held(request).then(() => reply.send(new Error('sent')));
  });
  app.get('/rejected', async (request) => {
    await held(request);
    throw Object.assign(new Error('rejected'), { statusCode: 503, headers: { 'retry-after': 7 } });
  });
  app.get('/returned', async (request) => {
    await held(request);
    return new Error('returned');
  });
};

describe('errors after the commit', () => {
  test.each([
    ['/callback', 500, 'sent'],
    ['/rejected', 503, 'rejected'],
    ['/returned', 500, 'returned'],
  ])('Fastify’s own answer to %s is the late failure', async (path, status, message) => {
    const served = await serveHeld(handlers);
    const reply = await ask(served, { path });
    expect(reply.ended).toBe('cut');
    expect(JSON.parse(`${reply.body}}`)).toMatchObject({ statusCode: status, message });
    const { lateHead } = readHeldJson(reply.body);
    expect(lateHead).toEqual({
      status,
      headers: status === 503 ? [['retry-after', '7']] : [],
    });
  });

  test('nothing of it is written to the console, for Fastify has logged it', async () => {
    const said = vi.spyOn(console, 'error');
    onTestFinished(() => said.mockRestore());
    const served = await serveHeld(handlers);
    await ask(served, { path: '/rejected' });
    expect(said).not.toHaveBeenCalled();
  });

  test('the error handler of the innermost context answers', async () => {
    const served = await serveHeld((app) => {
      app.setErrorHandler(async (error: Error, _request, reply) => {
        reply.code(418);
        return { outer: error.message };
      });
      app.register(async (child) => {
        child.setErrorHandler((error: Error, _request, reply) => {
          reply.code(422).send({ inner: error.message });
        });
        child.get('/inner', async (request) => {
          await held(request);
          throw new Error('late');
        });
      });
      app.get('/outer', async (request) => {
        await held(request);
        throw new Error('late');
      });
    });
    const inner = await ask(served, { path: '/inner' });
    expect(readHeldJson(inner.body).lateHead?.status).toBe(422);
    expect(JSON.parse(`${inner.body}}`)).toEqual({ inner: 'late' });
    const outer = await ask(served, { path: '/outer' });
    expect(readHeldJson(outer.body).lateHead?.status).toBe(418);
    expect(JSON.parse(`${outer.body}}`)).toEqual({ outer: 'late' });
  });

  test('an error handler that answers with a success has saved the day', async () => {
    const served = await serveHeld((app) => {
      app.setErrorHandler((_error, _request, reply) => {
        reply.code(200).send({ instead: 'of it' });
      });
      app.get('/', async (request) => {
        await held(request);
        throw new Error('late');
      });
    });
    const reply = await ask(served);
    expect(reply.ended).toBe('complete');
    expect(readHeldJson(reply.body)).toMatchObject({
      lateHead: undefined,
      payload: '{"instead":"of it"}',
    });
  });

  test('a validation error after a slow hook is the 400 that it is', async () => {
    const body = { type: 'object', required: ['name'], properties: { name: { type: 'string' } } };
    const served = await serveHeld((app) => {
      app.addHook('preValidation', async (request) => held(request));
      app.post('/', { schema: { body } }, async () => ({}));
    });
    const question: Question = {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{}',
    };
    const reply = await ask(served, question);
    expect(JSON.parse(`${reply.body}}`)).toMatchObject({
      statusCode: 400,
      code: 'FST_ERR_VALIDATION',
    });
  });
});

describe('lateError', () => {
  const failing = (app: FastifyInstance): void => {
    app.get('/', async (request) => {
      await held(request);
      throw Object.assign(new Error('no'), { statusCode: 409 });
    });
  };

  test.each(HTTP_VERSIONS)('cut: nobody can take it for a success over %s', async (version) => {
    const reply = await ask(await serveHeld(failing, {}, version));
    expect(reply.ended).toBe('cut');
    expect(anyPrefixParses(reply.body)).toBe(false);
    expect(JSON.parse(`${reply.body}}`)).toMatchObject({ message: 'no' });
  });

  test.each(HTTP_VERSIONS)('body: it comes whole over %s', async (version) => {
    const reply = await ask(await serveHeld(failing, { lateError: 'body' }, version));
    expect(reply.ended).toBe('complete');
    expect(readHeldJson(reply.body).lateHead?.status).toBe(409);
    expect(JSON.parse(reply.body)).toMatchObject({ statusCode: 409, message: 'no' });
  });

  test('a function is given Fastify’s request and answers in its place', async () => {
    const lateError = vi.fn((outcome: LateError, request: { id: string; url: string }) => ({
      id: request.id,
      url: request.url,
      status: outcome.status,
    }));
    const outcomes: LateOutcome[] = [];
    const onLateOutcome = (outcome: LateOutcome): void => void outcomes.push(outcome);
    const reply = await ask(await serveHeld(failing, { lateError, onLateOutcome }));
    expect(reply.ended).toBe('complete');
    expect(JSON.parse(reply.body)).toEqual({ id: 'req-1', url: '/', status: 409 });
    await until('the outcome is told', () => outcomes.length === 1);
    expect(outcomes).toMatchObject([{ ok: false, status: 409, body: { message: 'no' } }]);
  });

  test('a route says it for itself', async () => {
    const served = await serveHeld((app) => {
      const config = { holdOpen: { lateError: 'body' as const } };
      app.get('/', { config }, async (request) => {
        await held(request);
        throw new Error('no');
      });
    });
    expect((await ask(served)).ended).toBe('complete');
  });
});
