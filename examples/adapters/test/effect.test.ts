import { Effect, Layer } from 'effect';
import { HttpRouter, HttpServerResponse } from 'effect/http';
import { describe, expect, test } from 'vitest';
import { holdOpen, holdOpenMiddleware } from '../src/effect.js';
import { createRoutes } from './support/effect-app.js';
import { serveRoutes } from './support/effect-node.js';
import { keepsItsPromises } from './support/promises.js';
import { ask, open, until } from './support/raw.js';
import { QUICK, SILENCE_MS } from './support/times.js';

describe('Effect on NodeHttpServer', () => {
  const message = '/session/1/message';
  const post = (prompt: string) => ({ method: 'POST', body: JSON.stringify({ prompt }) });
  const port = keepsItsPromises({
    serve: (held) => serveRoutes(createRoutes(held)),
    lateError: { _tag: 'PromptFailed', why: 'too late' },
    fast: {
      '/fast': {},
      '/fast?head': { method: 'HEAD' },
      '/fast-error': {},
      '/nowhere': {},
      [message]: post('quick'),
      '/session/none/message': post('slow'),
      '/session/2/message': { method: 'POST', body: '{"prompt":7}' },
    },
  });

  test('a route of HttpApi is held', async () => {
    const { body, complete } = await ask(port(), message, post('slow'));
    expect(body).toMatch(/^\n\n+\{/);
    expect(JSON.parse(body)).toEqual({ role: 'assistant', text: 'ü' });
    expect(complete).toBe(true);
    const failed = await ask(port(), message, post('fail'));
    expect(failed.complete).toBe(false);
    expect(JSON.parse(`${failed.body}}`)).toEqual({ _tag: 'PromptFailed', why: 'model' });
  });

  test('the fiber is interrupted after too long a silence', async () => {
    let interrupted = false;
    const work = Effect.onInterrupt(Effect.never, () =>
      Effect.sync(() => {
        interrupted = true;
      }),
    );
    const hold = holdOpen({ ...QUICK, maxSilenceMs: 150 });
    const served = await serveRoutes(HttpRouter.add('GET', '/silent', Effect.andThen(hold, work)));
    const { body, complete } = await ask(served.port, '/silent');
    expect(complete).toBe(false);
    expect(JSON.parse(`${body}}`)).toMatchObject({ completion_status: 504 });
    await until('the fiber is interrupted', () => interrupted);
    await served.close();
  });

  test("with onDisconnect: 'continue' an uninterruptible route goes on", async () => {
    let done = false;
    const work = Effect.tap(Effect.sleep(SILENCE_MS), () =>
      Effect.sync(() => {
        done = true;
      }),
    );
    const hold = holdOpen({ ...QUICK, onDisconnect: 'continue' });
    const answer = Effect.as(Effect.andThen(hold, work), HttpServerResponse.jsonUnsafe({}));
    const served = await serveRoutes(
      HttpRouter.add('GET', '/prompt', answer, { uninterruptible: true }),
    );
    const client = open(served.port, '/prompt');
    await until('a beat arrives', () => /holdopen/i.test(client.text));
    client.socket.destroy();
    await until('the work is done', () => done);
    await served.close();
  });

  test('as middleware it guesses nothing, and the held head has its own headers', async () => {
    const slow = Effect.andThen(
      Effect.sleep(SILENCE_MS),
      Effect.succeed(HttpServerResponse.jsonUnsafe({})),
    );
    const middleware = HttpRouter.middleware(
      holdOpenMiddleware({ ...QUICK, headers: () => ({ 'Access-Control-Allow-Origin': '*' }) }),
      { global: true },
    );
    const served = await serveRoutes(Layer.merge(HttpRouter.add('GET', '/slow', slow), middleware));
    expect((await ask(served.port, '/slow')).body).toBe('{}');
    const { head, body } = await ask(served.port, '/slow', {
      accept: 'application/json',
      origin: 'http://else.where',
    });
    expect(body).toMatch(/^\n+\{\}$/);
    expect(head).toMatch(/^access-control-allow-origin: \*/im);
    expect(head).toMatch(/^access-control-expose-headers: holdopen/im);
    await served.close();
  });
});
