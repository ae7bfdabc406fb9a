import { createServer } from 'node:http';
import express from 'express';
import { expectTypeOf, test } from 'vitest';
import {
  type AuthorizedRun,
  createMemoryStore,
  createRuns,
  type RouteRuns,
  type RunAction,
  type RunDescription,
  type RunStore,
  type RunToken,
} from '../src/index.js';
import { runsMiddleware } from '../src/node.js';

// Each stands in a function that nobody calls: it need only compile.

test('runs ask who it is, and are told as a name, with an end, or not at all', () => {
  // @ts-expect-error nobody is let in unasked
  () => createRuns({});
  () =>
    createRuns({
      authorize: (request, { action, run, token }) => {
        expectTypeOf(request).toEqualTypeOf<Request>();
        expectTypeOf(action).toEqualTypeOf<RunAction>();
        expectTypeOf(run).toEqualTypeOf<AuthorizedRun | undefined>();
        expectTypeOf(token).toEqualTypeOf<RunToken | undefined>();
        return action === 'cancel' ? undefined : 'ada';
      },
    });
  () => createRuns({ authorize: async () => ({ principal: 'ada', expiresAt: Date.now() }) });
  () => createRuns({ authorize: () => new Response(null, { status: 401 }) });
  // @ts-expect-error true says not who it is
  () => createRuns({ authorize: () => true });
});

test('a route has options of its own, but not those of all routes', () => {
  () => {
    const runs = createRuns({ authorize: () => 'ada' });
    expectTypeOf(runs.forRoute({ onLost: 'rerun' })).toEqualTypeOf<RouteRuns>();
    // @ts-expect-error one store for all
    runs.forRoute({ store: createMemoryStore() });
  };
});

test('what a page shows of its runs is described', () => {
  () => {
    const runs = createRuns({ authorize: () => 'ada' });
    expectTypeOf(runs.list).parameters.toEqualTypeOf<[principal: string]>();
    expectTypeOf(runs.list).returns.resolves.toEqualTypeOf<RunDescription[]>();
    expectTypeOf(runs.fetch).returns.resolves.toEqualTypeOf<Response>();
    expectTypeOf(runs.match).returns.toEqualTypeOf<Promise<Response> | undefined>();
  };
});

test('a store is what implements the interface', () => {
  expectTypeOf(createMemoryStore).returns.toEqualTypeOf<RunStore>();
  // @ts-expect-error a Map is none
  () => createRuns({ authorize: () => 'ada', store: new Map() });
});

test('the middleware fits Express, and a server of Node’s by itself', () => {
  () => {
    const middleware = runsMiddleware(createRuns({ authorize: () => 'ada' }));
    express().use(middleware);
    createServer(middleware);
  };
});

test('what it does not take does not compile', () => {
  // @ts-expect-error an unknown option
  () => createRuns({ authorize: () => 'ada', retention: 60_000 });
  // @ts-expect-error wait or refuse
  () => createRuns({ authorize: () => 'ada', whileRunning: 'wait' });
  // @ts-expect-error the head of a run is chosen by the route, not by its reader
  () => createRuns({ authorize: () => 'ada', hold: { headers: () => [] } });
});
