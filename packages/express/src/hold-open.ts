import {
  answerFromRun,
  type HoldOpenOptions,
  type Middleware,
  mountOptions,
  type NodeHoldOpenOptions,
  patternOf,
  type RunsOption,
  watchResponse,
} from '@holdopen/node';
import type { Request } from 'express';
import { refuseArguments, refuseCall } from './wrong-mount.js';

/** The options of {@link holdOpen}. Hooks and `format` are given Express's request. */
export interface ExpressHoldOpenOptions extends HoldOpenOptions<Request>, RunsOption {}

/**
 * Keeps the responses of slow handlers alive while they are silent, with white space before JSON and
 * comments in event streams. A response that is finished before its first beat is due is not changed
 * in any way.
 *
 * On a route JSON is taken for granted, unless the handler sets another type or the client's `Accept`
 * rules JSON out. With `app.use` or `router.use`, to be mounted first, nothing is guessed: a response
 * is held if its handler has set a content type that carries beats, if the client accepts nothing but
 * JSON and event streams, or if `format` says so. Mounted twice, the innermost options win.
 *
 * @example
 * app.post('/reports', holdOpen(), async (req, res) => {
 *   res.json(await workForMinutes(req.body, req.holdOpen?.signal));
 * });
 *
 * @example
 * app.use(holdOpen({ intervalMs: 8_000 }));
 *
 * @throws HoldOpenError if an option is wrong, or if it is given a handler; its message says what to do.
 */
export function holdOpen(options?: ExpressHoldOpenOptions): Middleware;
export function holdOpen(...given: readonly unknown[]): Middleware {
  refuseArguments(given);
  // What runs behind `app` is given the request that Express has made of Node's.
  const options = given[0] as NodeHoldOpenOptions | undefined;
  const overAll = mountOptions(options, 'global');
  const onRoute = mountOptions(options, 'route');
  return function holdOpenMiddleware(req, res, next) {
    if (typeof next !== 'function') refuseCall();
    const isRoute = isOnRoute(req, next, holdOpenMiddleware);
    const mounted = isRoute ? onRoute : overAll;
    if (mounted.runs !== undefined) {
      const route = isRoute ? patternOf(req, undefined) : undefined;
      if (answerFromRun({ req, res, mounted, call: next, onError: next, route })) return;
    }
    watchResponse(req, res, mounted);
    next();
  };
}

interface Layer {
  readonly handle: unknown;
  /** Of one that is not for all of them, in lower case. */
  readonly method?: string | undefined;
}

interface Routed {
  readonly method: string;
  readonly next?: unknown;
  readonly route?: { readonly path?: unknown; readonly stack?: readonly Layer[] };
}

/**
 * Whether the middleware stands on one route. `req.route` alone does not say so: it is still there
 * when the route has passed the request on to what was mounted with `use`. But only that is given
 * the router's own `next`, which Express keeps in `req.next`. By itself on a pattern, as with
 * `app.get('/{*path}', holdOpen())`, it is as if mounted with `use`.
 */
function isOnRoute(req: object, next: unknown, middleware: unknown): boolean {
  const { route, next: routersNext, method } = req as Routed;
  if (route === undefined || routersNext === next) return false;
  return !isPattern(route.path) || hasHandlerBehind(route.stack ?? [], method, middleware);
}

function isPattern(path: unknown): boolean {
  if (Array.isArray(path)) return path.some(isPattern);
  return typeof path === 'string' ? path.includes('*') : path instanceof RegExp;
}

function hasHandlerBehind(stack: readonly Layer[], asked: string, middleware: unknown): boolean {
  const behind = stack.slice(stack.findIndex(({ handle }) => handle === middleware) + 1);
  // `app.all()` puts what it is given there once for each method.
  return behind.some(
    ({ handle, method }) =>
      handle !== middleware && (method === undefined || method === asked.toLowerCase()),
  );
}
