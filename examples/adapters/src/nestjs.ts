import type { IncomingMessage, ServerResponse } from 'node:http';
import { type HoldHandle, HoldOpenError, inertHandle, type Mount } from '@holdopen/core';
import { mountOptions, type NodeHoldOpenOptions, watchResponse } from '@holdopen/node';
import { createParamDecorator, type NestInterceptor, UseInterceptors } from '@nestjs/common';

/**
 * Keeps the responses of a controller's methods alive while they are silent. An answer that is ready
 * before its first beat is due is not changed in any way.
 *
 * On a method JSON is taken for granted, unless the client's `Accept` rules it out. On a controller
 * nothing is guessed: a response is held if its type carries beats, if the client accepts nothing but
 * JSON and event streams, or if `format` says so; a method's own options win. The options' functions
 * get the request.
 *
 * Pipes, interceptors, exception filters and `@Sse()` work after the commit as before it: what a
 * filter answers with is the late outcome. Guards run before every interceptor, so their silence is
 * not covered; where they are slow use `app.use(holdOpen())` of `@holdopen/express`. For Nest on
 * Express, its default; on Fastify register `@holdopen/fastify`.
 *
 * @example
 * ```ts
 * @Post('reports')
 * @HoldOpen({ intervalMs: 8_000 })
 * make(@Body() order: Order, @Hold() hold: HoldHandle) {
 *   return workForMinutes(order, hold.signal);
 * }
 * ```
 *
 * @throws HoldOpenError if an option is wrong; its message says what to do.
 */
export function HoldOpen(options?: NodeHoldOpenOptions): MethodDecorator & ClassDecorator {
  const onMethod = UseInterceptors(interceptor(options, 'route'));
  const onController = UseInterceptors(interceptor(options, 'global'));
  return (target: object, key?: string | symbol, method?: PropertyDescriptor): void => {
    if (key === undefined || method === undefined) onController(target as never);
    else onMethod(target, key, method);
  };
}

/** The hold of a request: `signal`, `touch()`, `id`, `state`. Inert where nothing is mounted. */
export const Hold: () => ParameterDecorator = createParamDecorator(
  (_: unknown, context): HoldHandle =>
    context.switchToHttp().getRequest<IncomingMessage>().holdOpen ?? inertHandle(),
);

function interceptor(options: NodeHoldOpenOptions | undefined, where: Mount): NestInterceptor {
  const mounted = mountOptions(options, where);
  return {
    intercept(context, next) {
      // Resolvers, gateways and microservices pass by here, too.
      if (context.getType() !== 'http') return next.handle();
      const http = context.switchToHttp();
      const response = http.getResponse<ServerResponse>();
      if (typeof response.writeHead !== 'function') throw wrongPlatform();
      // Nest keeps the head on Express's response, which is Node's own.
      watchResponse(http.getRequest<IncomingMessage>(), response, mounted);
      return next.handle();
    },
  };
}

function wrongPlatform(): HoldOpenError {
  const fix = "On platform-fastify register @holdopen/fastify on the adapter's instance instead.";
  return new HoldOpenError('HOLDOPEN_WRONG_MOUNT', `@HoldOpen() is for Nest on Express. ${fix}`);
}
