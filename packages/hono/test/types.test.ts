import { serve } from '@hono/node-server';
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { createFactory, createMiddleware } from 'hono/factory';
import { expect, expectTypeOf, test } from 'vitest';
import {
  drain,
  getHold,
  type HoldHandle,
  type HonoHoldOpenOptions,
  holdOpen,
  type RequestHold,
} from '../src/index.js';

test('c.get, c.var and getHold are typed, in apps of any environment', () => {
  const app = new Hono<{ Bindings: { KEY: string }; Variables: { user: string } }>();
  app.post('/work/:id', holdOpen({ intervalMs: 8_000 }), (c) => {
    expectTypeOf(c.get('holdOpen')).toEqualTypeOf<RequestHold>();
    expectTypeOf(c.var.holdOpen).toEqualTypeOf<RequestHold>();
    expectTypeOf(c.get('holdOpen').attempt).toEqualTypeOf<number | undefined>();
    expectTypeOf(c.get('holdOpen').signal).toEqualTypeOf<AbortSignal>();
    expectTypeOf(getHold(c)).toEqualTypeOf<RequestHold>();
    expectTypeOf(c.get('user')).toEqualTypeOf<string>();
    expectTypeOf(c.env.KEY).toEqualTypeOf<string>();
    expectTypeOf(c.req.param('id')).toEqualTypeOf<string>();
    return c.json({ id: c.req.param('id') });
  });
  createMiddleware(async (c, next) => {
    expectTypeOf(c.get('holdOpen').state).toEqualTypeOf<HoldHandle['state']>();
    await next();
  });
  createFactory().createHandlers(holdOpen(), (c) => c.text(c.var.holdOpen.id));
  expectTypeOf(getHold).parameter(0).toEqualTypeOf<Context>();
  expect(app.routes).toHaveLength(2);
});

test('options give middleware, an app gives what can be served', () => {
  expectTypeOf(holdOpen()).toEqualTypeOf<MiddlewareHandler>();
  const app = new Hono<{ Bindings: { KEY: string } }>();
  const wrapped = holdOpen(app, { intervalMs: 8_000 });
  expectTypeOf(wrapped.fetch).toEqualTypeOf<typeof app.fetch>();
  expectTypeOf(serve).toBeCallableWith({ ...wrapped, port: 0 });
  expectTypeOf(drain).returns.resolves.toHaveProperty('finished');
  expect(Object.keys(wrapped)).toEqual(['fetch']);
});

test('hooks get the web’s request, and wrong options do not compile', () => {
  const options: HonoHoldOpenOptions = {
    format: (request) => (request.url.endsWith('/events') ? 'sse' : 'json'),
    headers: (request) => ({ 'X-Path': request.url }),
    lateError(outcome, request) {
      expectTypeOf(outcome.ok).toEqualTypeOf<false>();
      expectTypeOf(request).toEqualTypeOf<Request>();
      return {};
    },
    onBeat: (_hold, request) => expectTypeOf(request).toEqualTypeOf<Request>(),
    onLateOutcome: (_outcome, request) => expectTypeOf(request).toEqualTypeOf<Request>(),
  };
  expect(holdOpen(options)).toBeTypeOf('function');
  // @ts-expect-error an unknown option
  () => holdOpen({ interval: 8_000 });
  // @ts-expect-error a string is no interval
  () => holdOpen({ intervalMs: '8s' });
  // @ts-expect-error a handler is no app
  () => holdOpen(() => new Response());
});
