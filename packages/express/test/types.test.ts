import type { IncomingMessage } from 'node:http';
import { createRuns } from '@holdopen/runs';
import { runsMiddleware } from '@holdopen/runs/node';
import type { Request as ExpressRequest, RequestHandler } from 'express';
import express from 'express';
import { expectTypeOf, test } from 'vitest';
import {
  type ExpressHoldOpenOptions,
  holdOpen,
  incomingOf,
  type RequestHold,
} from '../src/index.js';

const app = express();

test('it is a request handler wherever Express takes one', () => {
  expectTypeOf(holdOpen()).toExtend<RequestHandler>();
  app.use(holdOpen());
  app.use('/api', holdOpen({ intervalMs: 8_000 }), express.json());
  app.use([holdOpen(), express.json()]);
  app
    .route('/reports')
    .all(holdOpen())
    .get(() => {});
  express.Router().use(holdOpen());
});

test('the handlers behind it keep the types that Express gives them', () => {
  app.get('/users/:id', holdOpen(), (req, res) => {
    expectTypeOf(req.params).toEqualTypeOf<{ id: string }>();
    expectTypeOf(res.json).toBeFunction();
  });
  app.post<'/typed', object, { ok: boolean }, { name: string }>(
    '/typed',
    holdOpen(),
    (req, res) => {
      expectTypeOf(req.body).toEqualTypeOf<{ name: string }>();
      expectTypeOf(res.json).parameter(0).toEqualTypeOf<{ ok: boolean } | undefined>();
    },
  );
});

test('a request has its hold, and its type is the hold’s', () => {
  app.get('/', holdOpen(), (req) => {
    expectTypeOf(req.holdOpen).toEqualTypeOf<RequestHold | undefined>();
    expectTypeOf(req.holdOpen?.signal).toEqualTypeOf<AbortSignal | undefined>();
  });
  expectTypeOf<IncomingMessage['holdOpen']>().toEqualTypeOf<RequestHold | undefined>();
});

test('hooks and functions of the request are given Express’s request', () => {
  holdOpen({
    format: (req) => {
      expectTypeOf(req).toEqualTypeOf<ExpressRequest>();
      return req.accepts('text/event-stream') ? 'sse' : 'json';
    },
    lateError: (outcome, req) => {
      expectTypeOf(outcome.status).toBeNumber();
      return { at: req.originalUrl };
    },
    onBeat: (hold, req) => {
      expectTypeOf(hold.beats).toBeNumber();
      expectTypeOf(req).toEqualTypeOf<ExpressRequest>();
    },
    onLateOutcome: (outcome, req) => {
      expectTypeOf(outcome.ok).toBeBoolean();
      expectTypeOf(req.res).not.toBeAny();
      expectTypeOf(req).toEqualTypeOf<ExpressRequest>();
    },
  });
  expectTypeOf<ExpressHoldOpenOptions['intervalMs']>().toEqualTypeOf<number | false | undefined>();
});

test('what it does not take does not compile', () => {
  // @ts-expect-error an unknown option
  () => holdOpen({ interval: 8_000 });
  // @ts-expect-error a string is no interval
  () => holdOpen({ intervalMs: '8s' });
  // @ts-expect-error a handler is not wrapped but stands behind it
  () => holdOpen((_req: ExpressRequest) => {});
  // @ts-expect-error its options are all it takes
  () => holdOpen({}, {});
});

test('runs are an option, and their routes are mounted as Express has it', () => {
  const runs = createRuns({
    authorize: (request) => {
      expectTypeOf(request).toEqualTypeOf<Request>();
      expectTypeOf(incomingOf(request)).toEqualTypeOf<ExpressRequest | undefined>();
      return incomingOf(request)?.get('x-user');
    },
  });
  app.post('/runs-on-a-route', holdOpen({ runs }), (req) => {
    expectTypeOf(req.holdOpen?.signal).toEqualTypeOf<AbortSignal | undefined>();
  });
  app.use(holdOpen({ runs, intervalMs: 8_000 }));
  app.use(runsMiddleware(runs));
  expectTypeOf(runs).toExtend<NonNullable<ExpressHoldOpenOptions['runs']>>();
  // @ts-expect-error runs are made with createRuns()
  () => holdOpen({ runs: true });
});
