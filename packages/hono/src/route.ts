import type { Mount } from '@holdopen/core';
import type { Context, MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';
import { findTargetHandler } from 'hono/utils/handler';

type Route = ReturnType<typeof matchedRoutes>[number];

/**
 * By the request's own class, and only then by `hono/route`: that finds nothing where the app has
 * loaded another copy of Hono, as every CommonJS app has.
 */
function routesOf(c: Context): readonly Route[] {
  const { matchedRoutes: own } = c.req as { matchedRoutes?: readonly Route[] };
  return own ?? matchedRoutes(c);
}

/**
 * `app.use(holdOpen())` guesses nothing, nor does what stands on a pattern by itself, as with
 * `app.get('*', holdOpen())`. A path asked for it, and so did a pattern whose handler follows.
 */
export function mountOf(c: Context): Mount {
  const routes = routesOf(c);
  const { routeIndex } = c.req;
  const [route, next] = [routes[routeIndex], routes[routeIndex + 1]];
  if (route?.path.endsWith('*') !== true) return 'route';
  if (route.method === 'ALL') return 'global';
  return next?.path === route.path && next.method === route.method ? 'route' : 'global';
}

/** Nothing of Hono's stands around it: no other middleware, and none that combines some. */
export function isFirst(c: Context, middleware: MiddlewareHandler): boolean {
  const first = routesOf(c)[0];
  // A sub-app with an error handler of its own wraps what it is made of.
  return first !== undefined && findTargetHandler(first.handler) === middleware;
}

/** The pattern of the handler at work or of the next one, for warnings and metrics. */
export function routeOf(c: Context): string | undefined {
  return handlerOf(routesOf(c).slice(c.req.routeIndex))?.path;
}

type Named = Pick<Route, 'path' | 'method'>;

/** Middleware is for all methods. */
function handlerOf<One extends Named>(routes: readonly One[]): One | undefined {
  return routes.find(({ method }) => method !== 'ALL') ?? routes.at(-1);
}

/** What Hono's own app has, and what is wrapped may be without. */
interface RoutedApp {
  readonly getPath?: (request: Request) => string;
  readonly router?: {
    match(
      method: string,
      path: string,
    ): readonly [readonly (readonly [readonly [unknown, Named]])[]];
  };
}

/** The same around a whole app, where no context is known. */
export function routeIn(app: object, request: Request): string | undefined {
  const { getPath, router }: RoutedApp = app;
  if (getPath === undefined || router === undefined) return undefined;
  const [matches] = router.match(request.method, getPath(request));
  return handlerOf(matches.map(([[, route]]) => route))?.path;
}
