import { HoldOpenError } from '@holdopen/node';
import type { RouteOptions } from 'fastify';

/**
 * For `register(holdOpen())` and `preHandler: holdOpen`, where it is called as middleware is elsewhere.
 * @throws HoldOpenError that names the fix, unless it was given an instance.
 */
export function refuseCall(app: unknown): void {
  const isInstance =
    typeof app === 'object' &&
    app !== null &&
    typeof Reflect.get(app, 'decorateRequest') === 'function';
  if (isInstance) return;
  throw new HoldOpenError(
    'HOLDOPEN_WRONG_MOUNT',
    'holdOpen is a plugin, which Fastify calls by itself: await app.register(holdOpen, { global: false }), without parentheses behind holdOpen, and config: { holdOpen: true } on the routes that are to be held.',
  );
}

/**
 * Fastify takes any option of a route, and nobody would look at this one.
 * @throws HoldOpenError that names the fix, for a route with `holdOpen` beside its `config`.
 */
export function refuseOutsideConfig(route: RouteOptions): void {
  if (!Object.hasOwn(route, 'holdOpen')) return;
  throw new HoldOpenError(
    'HOLDOPEN_WRONG_MOUNT',
    `${String(route.method)} ${route.url}: holdOpen stands beside config, where it counts for nothing. Write config: { holdOpen: … }.`,
    { given: Reflect.get(route, 'holdOpen') },
  );
}
