import { HoldOpenError, inertHandle } from '@holdopen/core';
import { holdOfRun, type RequestHold, serveRun, waitUntilOf, watchCall } from '@holdopen/fetch';
import type { Context, MiddlewareHandler, Next } from 'hono';
import { callInside, fetchHoldOf, holdByFetch, serverOf } from './fetch.js';
import { holdBelow, isServedBy, nodePairOf, withoutPair } from './node.js';
import { type HonoHoldOpenOptions, type Mounted, mount, withheld } from './options.js';
import { isFirst, mountOf, routeIn, routeOf } from './route.js';
import { answerFromRun } from './run.js';

declare module 'hono' {
  interface ContextVariableMap {
    /** The hold of this request's response, or its run, where holdopen is mounted as middleware. */
    holdOpen: RequestHold;
  }
}

/** What `holdOpen(app)` needs of an app, and gives. */
export interface FetchApp {
  // biome-ignore lint/suspicious/noExplicitAny: Hono leaves the types of bindings to the app.
  fetch(request: Request, env?: any, executionContext?: any): Response | Promise<Response>;
}

/**
 * Middleware that keeps responses alive while their handlers are silent. A response that is finished
 * before its first beat is due is not changed in any way.
 *
 * On one route the handler is taken to answer with JSON unless it sets another type or `Accept` rules
 * JSON out. Over a pattern, as with `app.use(holdOpen())`, nothing is guessed. On Node it may stand
 * anywhere, best first. On other runtimes it must be the very first middleware: any other place is
 * refused, and `holdOpen(app)` wraps the app instead.
 *
 * @example
 * app.post('/runs', holdOpen({ intervalMs: 8_000 }), async (c) => {
 *   return c.json(await workForMinutes(c.get('holdOpen').signal));
 * });
 *
 * @throws HoldOpenError if an option is wrong; its message says what to do.
 */
export function holdOpen(options?: HonoHoldOpenOptions): MiddlewareHandler;
/**
 * Keeps the responses of a whole app alive, on any runtime. Handlers reach their hold by
 * `getHold(c)`.
 *
 * @example
 * export default holdOpen(app);
 *
 * @throws HoldOpenError if an option is wrong; its message says what to do.
 */
export function holdOpen<App extends FetchApp>(
  app: App,
  options?: HonoHoldOpenOptions,
): Pick<App, 'fetch'>;
export function holdOpen(
  first?: FetchApp | HonoHoldOpenOptions,
  options?: HonoHoldOpenOptions,
): MiddlewareHandler | FetchApp {
  if (typeof (first as FetchApp | undefined)?.fetch === 'function') {
    return wrapApp(first as FetchApp, options);
  }
  if (options !== undefined || typeof first === 'function') {
    throw new HoldOpenError(
      'HOLDOPEN_WRONG_MOUNT',
      'holdOpen of @holdopen/hono takes options, as middleware: app.post(path, holdOpen(options), handler); or an app: holdOpen(app, options). For a fetch handler there is holdOpen of @holdopen/fetch.',
      { given: first },
    );
  }
  return createMiddleware(first as HonoHoldOpenOptions | undefined);
}

/** The hold of a request: `c.get('holdOpen')`, also where `holdOpen(app)` is mounted. */
export function getHold(c: Context): RequestHold {
  return (
    (c.get('holdOpen') as RequestHold | undefined) ??
    nodePairOf(c.env)?.incoming.holdOpen ??
    fetchHoldOf(c)
  );
}

function createMiddleware(options: HonoHoldOpenOptions | undefined): MiddlewareHandler {
  const overAll = mount(options, 'global');
  const onRoute = mount(options, 'route');
  return async function holdOpenMiddleware(c, next) {
    const mounted = mountOf(c) === 'global' ? overAll : onRoute;
    const { runs } = mounted;
    const isFirstOfAll = isFirst(c, holdOpenMiddleware);
    if (runs === undefined) return hold(c, next, mounted, isFirstOfAll);
    const answer = (): Promise<void> => answerFromRun(c, next, runs);
    return hold(c, answer, withheld(mounted, c.req.raw), isFirstOfAll);
  };
}

async function hold(
  c: Context,
  next: Next,
  mounted: Mounted,
  isFirstOfAll: boolean,
): Promise<void> {
  const pair = nodePairOf(c.env);
  if (pair === undefined) return holdByFetch(c, next, mounted, isFirstOfAll);
  const below = isServedBy(pair, c)
    ? holdBelow(c.req.raw, c, pair, mounted, () => routeOf(c))
    : pair.incoming.holdOpen;
  // Within the work of a run there is the run's already.
  c.set('holdOpen', holdOfRun(c.req.raw) ?? below ?? inertHandle());
  await next();
}

function wrapApp(app: FetchApp, options: HonoHoldOpenOptions | undefined): FetchApp {
  const mounted = mount(options, 'global');
  return {
    fetch(request, env, executionContext) {
      const { runs } = mounted;
      const patternOf = (): string | undefined => routeIn(app, request);
      if (runs !== undefined) {
        // What the app makes belongs to the run, so that nothing of it may meet the connection.
        const work = (given: Request) => {
          const own = given === request ? env : withoutPair(env);
          return callInside(given, own, () => app.fetch(given, own, executionContext));
        };
        const waitUntil = waitUntilOf([executionContext]);
        const answer = () => serveRun(runs, request, work, { waitUntil });
        const { fetch } = withheld(mounted, request);
        return watchCall(request, serverOf(env), fetch, answer, patternOf);
      }
      const call = (): Response | Promise<Response> => app.fetch(request, env, executionContext);
      const pair = nodePairOf(env);
      if (pair === undefined) {
        const inner = () => callInside(request, env, call);
        return watchCall(request, serverOf(env), mounted.fetch, inner, patternOf);
      }
      holdBelow(request, undefined, pair, mounted, patternOf);
      return call();
    },
  };
}
