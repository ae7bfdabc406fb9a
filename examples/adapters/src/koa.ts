import {
  type HoldHandle,
  type Mount,
  mountOptions,
  type NodeHoldOpenOptions,
  watchResponse,
} from '@holdopen/node';
import type { Context, Middleware } from 'koa';

declare module 'koa' {
  interface DefaultContext {
    /** The hold of this request's response, where holdopen is mounted. */
    holdOpen?: HoldHandle;
  }
}

/**
 * Koa middleware that keeps responses alive while their handlers are silent. An answer that is ready
 * before its first beat is due is not changed in any way.
 *
 * Koa does not tell a middleware where it stands, so say it. `'global'`, the default, guesses nothing
 * and is safe anywhere: a response is held if its handler has set a content type that carries beats,
 * if the client accepts nothing but JSON and event streams, or if `format` says so. On one `'route'`
 * JSON is taken for granted. Mounted twice, the innermost options win. The options' functions get
 * Node's request.
 *
 * Nothing else changes: `ctx.body`, `ctx.status`, `ctx.throw` and streams under `ctx.respond = false`
 * work after the commit as before it, and `app.on('error')` hears of late errors.
 *
 * @example
 * app.use(holdOpen());
 *
 * @example
 * router.post('/reports', holdOpen({ intervalMs: 8_000 }, 'route'), async (ctx) => {
 *   ctx.body = await workForMinutes(ctx.holdOpen?.signal);
 * });
 *
 * @throws HoldOpenError if an option is wrong; its message says what to do.
 */
export function holdOpen(options?: NodeHoldOpenOptions, where: Mount = 'global'): Middleware {
  const mounted = mountOptions(options, where);
  return function holdOpenMiddleware(ctx: Context, next) {
    // Koa keeps status and headers nowhere but on Node's response, so that is all there is to hold.
    ctx.holdOpen = watchResponse(ctx.req, ctx.res, mounted);
    // As it is, for a settled promise would let outer middleware believe that the work is done.
    return next();
  };
}
