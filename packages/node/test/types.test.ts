import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { createRuns } from '@holdopen/runs';
import express from 'express';
import { expectTypeOf, test } from 'vitest';
import {
  holdOpen,
  incomingOf,
  type Middleware,
  type NodeHoldOpenOptions,
  type RequestHold,
} from '../src/index.js';

test('a listener keeps its types, wrapped in place or by itself', () => {
  createServer(
    holdOpen((req, res) => {
      expectTypeOf(req).toExtend<IncomingMessage>();
      expectTypeOf(req.holdOpen).toEqualTypeOf<RequestHold | undefined>();
      res.setHeader('a', 'b').end();
    }),
  );
  createHttp2Server(
    holdOpen((req, res) => {
      expectTypeOf(req.holdOpen).toEqualTypeOf<RequestHold | undefined>();
      res.stream.respond();
    }),
  );
  const listener = holdOpen(async (req, res) => {
    expectTypeOf(req).toEqualTypeOf<IncomingMessage>();
    expectTypeOf(res).toExtend<ServerResponse>();
    return 1;
  });
  expectTypeOf(listener).returns.toEqualTypeOf<Promise<number>>();
});

test('options alone give middleware, and wrong options do not compile', () => {
  expectTypeOf(holdOpen()).toEqualTypeOf<Middleware>();
  expectTypeOf(holdOpen({ intervalMs: 8_000 })).toEqualTypeOf<Middleware>();
  holdOpen({ format: (request) => (request.url === '/a' ? 'json' : 'sse') });
  // @ts-expect-error an unknown option
  () => holdOpen({ interval: 8_000 });
  // @ts-expect-error a string is no interval
  () => holdOpen({ intervalMs: '8s' });
});

test('a wrapped Express app is a request listener', () => {
  const listener = holdOpen(express());
  expectTypeOf(listener).toExtend<RequestListener>();
  const server = createServer(listener);
  server.close();
});

test('runs are an option of a listener and of middleware, and nothing else is taken for them', () => {
  const runs = createRuns({
    authorize: (request) => {
      expectTypeOf(incomingOf(request)).toEqualTypeOf<IncomingMessage | undefined>();
      return incomingOf(request)?.headers['x-user']?.toString();
    },
  });
  expectTypeOf(holdOpen({ runs })).toEqualTypeOf<Middleware>();
  expectTypeOf(holdOpen((_req, res) => res.end(), { runs })).toBeFunction();
  expectTypeOf(runs).toExtend<NonNullable<NodeHoldOpenOptions['runs']>>();
  expectTypeOf(incomingOf).parameters.toEqualTypeOf<[Request]>();
  // @ts-expect-error runs are made with createRuns()
  () => holdOpen({ runs: true });
  // @ts-expect-error the options of createRuns() are no runs
  () => holdOpen({ runs: { authorize: () => 'somebody' } });
});
