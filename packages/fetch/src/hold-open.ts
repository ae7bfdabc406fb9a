import { HoldOpenError } from '@holdopen/core';
import { type FetchHoldOpenOptions, mountFetchOptions } from './mounted.js';
import { type RequestEvent, requestOf } from './request.js';
import { serveRun, waitUntilOf } from './serve-run.js';
import { registry, surroundings } from './surroundings.js';
import { watchCall } from './watch-call.js';

/** What a fetch handler gives back; nothing where the runtime answers by itself, as after an upgrade. */
export type HandlerResult = Response | undefined | Promise<Response | undefined>;

/** A fetch handler: `Bun.serve`, `Deno.serve`, Workers, route handlers of Next.js and SvelteKit. */
export type FetchHandler<
  Req extends Request | RequestEvent = Request,
  Rest extends readonly unknown[] = unknown[],
  Result extends HandlerResult = HandlerResult,
> = (request: Req, ...rest: Rest) => Result;

/**
 * Keeps the responses of a fetch handler alive while it is silent, with white space before JSON and
 * comments in event streams. A response that is ready before its first beat is due goes out as the
 * very object that the handler gave, unless it is an event stream, whose gaps get beats.
 *
 * `this`, all arguments, what the handler gives and what it throws pass through. `firstBeatMs` counts
 * from the call, for nobody can see whether a request's body is still coming in: raise it where
 * uploads are slow. A held answer has the status 200 and the headers of the option `headers`; the
 * handler's own come too late for its head.
 *
 * On Bun pass on the server, which is the second argument of `fetch`: without it Bun's idle time-out
 * cannot be raised, and the first beat goes out after 4 s at most.
 *
 * @example
 * Bun.serve({
 *   fetch: holdOpen(async (request) => Response.json(await workForMinutes(request))),
 * });
 *
 * @throws HoldOpenError if the handler is no function or an option is wrong; its message says what to
 *   do.
 */
export function holdOpen<
  Req extends Request | RequestEvent = Request,
  Rest extends readonly unknown[] = unknown[],
  Result extends HandlerResult = HandlerResult,
>(
  handler: FetchHandler<Req, Rest, Result>,
  options?: FetchHoldOpenOptions,
): FetchHandler<Req, Rest, Result> {
  if (typeof handler !== 'function') throw wrongMount(handler);
  const mounted = mountFetchOptions(options, 'route');
  function holdOpenHandler(this: unknown, ...args: [Req, ...Rest]): unknown {
    const call = (): unknown => Reflect.apply(handler, this, args);
    const request = requestOf(args[0]);
    if (request === undefined) return withoutRequest(call);
    const { runs } = mounted;
    if (runs === undefined) return watchCall(request, args[1], mounted, call);
    const withheld = mounted.withFirstBeatAfter(runs.withholdMs(request));
    const work = (given: Request): unknown =>
      given === request
        ? call()
        : Reflect.apply(handler, this, [inPlaceOf(args[0], given), ...args.slice(1)]);
    return watchCall(request, args[1], withheld, () =>
      serveRun(runs, request, work, { waitUntil: waitUntilOf(args.slice(1, 3)) }),
    );
  }
  // Deno gives a handler that declares no arguments none.
  const length = Math.max(handler.length, 1);
  Object.defineProperty(holdOpenHandler, 'length', { value: length, configurable: true });
  return holdOpenHandler as FetchHandler<Req, Rest, Result>;
}

/** What a handler is given first: the request, or what a framework wraps it in. */
function inPlaceOf(first: unknown, request: Request): unknown {
  if (requestOf(first) === first) return request;
  return Object.create(first as object, { request: { value: request, enumerable: true } });
}

function withoutRequest(call: () => unknown): unknown {
  if (registry.firstTime('HOLDOPEN_WRONG_MOUNT')) {
    surroundings.warn(
      'HOLDOPEN_WRONG_MOUNT',
      'holdOpen of @holdopen/fetch was called without a Request, so nothing is held. For node:http use @holdopen/node, for Express @holdopen/express, for Fastify @holdopen/fastify.',
    );
  }
  return call();
}

function wrongMount(given: unknown): HoldOpenError {
  return new HoldOpenError(
    'HOLDOPEN_WRONG_MOUNT',
    `holdOpen needs a fetch handler as its first argument, such as holdOpen((request) => new Response()), not ${given === null ? 'null' : typeof given}. For a response that is ready there is holdResponse(response); for middleware @holdopen/node, @holdopen/express and @holdopen/hono.`,
    { given },
  );
}
