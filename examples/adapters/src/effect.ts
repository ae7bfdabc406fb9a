import * as NodeRequest from '@effect/platform-node/NodeHttpServerRequest';
import type { HoldHandle, Mount } from '@holdopen/core';
import { getHold } from '@holdopen/fetch';
import { mountOptions, type NodeHoldOpenOptions, watchResponse } from '@holdopen/node';
import { Context, Effect } from 'effect';
import { Headers, HttpRouter, HttpServerRequest, type HttpServerResponse } from 'effect/http';

type ServerRequest = HttpServerRequest.HttpServerRequest;

export interface EffectHoldOpenOptions extends NodeHoldOpenOptions {
  /**
   * Headers of the held head. Effect puts those of CORS on the response, which is not there yet; and
   * without them a page of another origin sees nothing of a held answer.
   */
  headers?: (request: ServerRequest) => Headers.Input;
}

/**
 * From here on the response to the current request is kept alive while its handler is silent. What is
 * ready before the first beat is due goes out unchanged.
 *
 * For `NodeHttpServer`. The fiber that runs it is interrupted when the client leaves, which Effect
 * does by itself, at a drain, and after too long a silence. With `onDisconnect: 'continue'` the route
 * must be `uninterruptible: true`. Functions among the options get Node's request.
 *
 * Elsewhere Effect answers with a Response, and this only gives the handle: wrap the Web handler, or
 * the routes that need it, in `holdOpen` of `@holdopen/fetch`.
 *
 * @example
 * const hold = holdOpen({ intervalMs: 8_000 });
 * handlers.handle('message', Effect.fn(function* ({ params, payload }) {
 *   yield* requireSession(params.id);
 *   yield* hold;
 *   return yield* prompt(params.id, payload);
 * }));
 *
 * @example
 * const { handler } = HttpRouter.toWebHandler(routes);
 * Bun.serve({ routes: { '/session/:id/message': holdFetch(handler) }, fetch: handler });
 *
 * @throws HoldOpenError if an option is wrong; its message says what to do.
 */
export function holdOpen(
  { headers, ...options }: EffectHoldOpenOptions = {},
  where: Mount = 'route',
): Effect.Effect<HoldHandle, never, ServerRequest> {
  const mounted = mountOptions(options, where);
  return Effect.withFiber((fiber) => {
    const request = Context.getUnsafe(fiber.context, HttpServerRequest.HttpServerRequest);
    const { source } = request;
    if (source instanceof Request) return Effect.succeed(getHold(source));
    const response = NodeRequest.toServerResponse(request);
    const hold = watchResponse(NodeRequest.toIncomingMessage(request), response, mounted, {
      route: Context.getOrUndefined(fiber.context, HttpRouter.RouteContext)?.route.path,
      preparedHeaders: () => Object.entries(Headers.fromInput(headers?.(request))),
    });
    hold.signal.addEventListener('abort', () => fiber.interruptUnsafe(), { once: true });
    return Effect.succeed(hold);
  });
}

/**
 * The same over many routes, where nothing is guessed: a response is held if the client accepts
 * nothing but JSON and event streams, if its type carries beats, or if `format` says so.
 *
 * @example
 * HttpRouter.middleware(holdOpenMiddleware(), { global: true });
 */
export function holdOpenMiddleware(options?: EffectHoldOpenOptions) {
  const hold = holdOpen(options, 'global');
  return <E, R>(
    app: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>,
  ): Effect.Effect<HttpServerResponse.HttpServerResponse, E, R | ServerRequest> =>
    Effect.andThen(hold, app);
}
