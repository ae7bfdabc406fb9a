import type { RequestHold } from '@holdopen/node';
import { createRuns } from '@holdopen/runs';
import { runsMiddleware } from '@holdopen/runs/node';
import fastify, { type FastifyRequest } from 'fastify';
import { expectTypeOf, test } from 'vitest';
import defaultExport, {
  type FastifyHoldOpenOptions,
  type FastifyHoldOpenPluginOptions,
  holdOpen,
  incomingOf,
} from '../src/index.js';

test('request.holdOpen and config.holdOpen are typed', () => {
  const app = fastify();
  app.get('/', async (request) => {
    expectTypeOf(request.holdOpen).toEqualTypeOf<RequestHold>();
    expectTypeOf(request.holdOpen.signal).toEqualTypeOf<AbortSignal>();
    expectTypeOf(request.routeOptions.config.holdOpen).toEqualTypeOf<
      FastifyHoldOpenOptions | boolean | undefined
    >();
  });
  app.get('/true', { config: { holdOpen: true } }, async () => {});
  app.get('/own', { config: { holdOpen: { intervalMs: 5_000, format: 'sse' } } }, async () => {});
  // Fastify takes whatever it does not know in `config` for the route's own, so that unknown options
  // show when the route is registered.
  // @ts-expect-error a string is no interval
  app.get('/wrong', { config: { holdOpen: { intervalMs: '8s' } } }, async () => {});
  // @ts-expect-error there is no such format
  app.get('/format', { config: { holdOpen: { format: 'xml' } } }, async () => {});
});

test('the plugin registers with its options, on HTTP/2 servers too', () => {
  () => fastify().register(holdOpen);
  () => fastify().register(holdOpen, { global: false, intervalMs: 8_000 });
  () => fastify({ http2: true }).register(holdOpen, { intervalMs: 8_000 });
  () => fastify().register(import('../src/index.js'), { intervalMs: 8_000 });
  // @ts-expect-error a string is no interval
  () => fastify().register(holdOpen, { intervalMs: '8s' });
  expectTypeOf(defaultExport).toEqualTypeOf<typeof holdOpen>();
});

test('functions among the options are given Fastify’s request', () => {
  const options: FastifyHoldOpenPluginOptions = {
    format(request) {
      expectTypeOf(request).toEqualTypeOf<FastifyRequest>();
      return request.is404 ? 'json' : 'sse';
    },
    lateError: (outcome, request) => ({ id: request.id, status: outcome.status }),
    onBeat: (_hold, request) => request.log.debug('beat'),
    onLateOutcome: (_outcome, { log }) => log.warn('late'),
  };
  expectTypeOf(options).toExtend<FastifyHoldOpenPluginOptions>();
});

test('runs are an option of the plugin and of a route, and their routes stand in a hook', () => {
  const runs = createRuns({
    authorize: (request) => {
      expectTypeOf(incomingOf(request)).toEqualTypeOf<FastifyRequest | undefined>();
      return incomingOf(request)?.ip;
    },
  });
  const app = fastify();
  () => app.register(holdOpen, { runs });
  app.post('/', { config: { holdOpen: { runs } } }, async () => {});
  const routes = runsMiddleware(runs);
  app.addHook('onRequest', (request, reply, done) => routes(request, reply.raw, done));
  expectTypeOf(runs).toExtend<NonNullable<FastifyHoldOpenOptions['runs']>>();
  // @ts-expect-error runs are made with createRuns()
  () => app.register(holdOpen, { runs: true });
  // @ts-expect-error on a route, too
  app.post('/wrong', { config: { holdOpen: { runs: true } } }, async () => {});
});
