import type { IncomingMessage, ServerResponse } from 'node:http';
import { HoldOpenError } from '@holdopen/core';
import { mountOptions, watch } from './adapter.js';
import type { NodeRequest, NodeResponse } from './message.js';
import type { NodeHoldOpenOptions } from './mounted.js';
import { answerFromRun } from './run/serve.js';
import { surroundings } from './surroundings.js';
import type { TakenResponse } from './taker.js';

/** A request listener, as `createServer` takes it. What it returns passes through. */
export type Listener<Req = IncomingMessage, Res = ServerResponse, Result = unknown> = (
  req: Req,
  res: Res,
) => Result;

/** An app that is a listener by itself, as those of Express and Connect are. */
export interface ListenerApp {
  (req: IncomingMessage, res: ServerResponse): unknown;
  listen: (...args: never[]) => unknown;
}

/** Connect-style middleware. */
export type Middleware = (
  req: IncomingMessage,
  res: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/**
 * Keeps the responses of a request listener alive while it is silent, with white space before JSON
 * and comments in event streams. A response that is finished before its first beat is due is not
 * changed in any way.
 *
 * @example
 * createServer(holdOpen(async (req, res) => {
 *   const result = await workForMinutes(req);
 *   res.setHeader('Content-Type', 'application/json');
 *   res.end(JSON.stringify(result));
 * }));
 *
 * @throws HoldOpenError if an option is wrong; its message says what to do.
 */
export function holdOpen(app: ListenerApp, options?: NodeHoldOpenOptions): Listener;
export function holdOpen<
  Req extends NodeRequest = IncomingMessage,
  Res extends NodeResponse = ServerResponse,
  Result = unknown,
>(handler: Listener<Req, Res, Result>, options?: NodeHoldOpenOptions): Listener<Req, Res, Result>;
/**
 * The same as connect-style middleware, to be mounted first. Mounted over many routes it guesses
 * nothing: a response is held if its handler has set a content type that carries beats, if the client
 * accepts nothing but JSON and event streams, or if `format` says so.
 *
 * @example
 * app.use(holdOpen({ intervalMs: 8_000 }));
 *
 * @throws HoldOpenError if an option is wrong; its message says what to do.
 */
export function holdOpen(options?: NodeHoldOpenOptions): Middleware;
export function holdOpen(
  first?: Listener<never, never> | NodeHoldOpenOptions,
  options?: NodeHoldOpenOptions,
): Listener<never, never> | Middleware {
  if (typeof first === 'function') return wrapListener(first, options);
  if (options !== undefined) {
    throw new HoldOpenError(
      'HOLDOPEN_WRONG_MOUNT',
      'holdOpen(handler, options) needs a function as its handler. As middleware it takes the options alone: holdOpen(options).',
      { given: first },
    );
  }
  return createMiddleware(first);
}

function wrapListener(
  handler: Listener<never, never>,
  options: NodeHoldOpenOptions | undefined,
): Listener<never, never> {
  const mounted = mountOptions(options, 'route');
  return function holdOpenListener(
    this: unknown,
    req: IncomingMessage,
    res: TakenResponse,
    ...more: unknown[]
  ): unknown {
    const args = [req, res, ...more];
    if (mounted.runs !== undefined) {
      const call = (): unknown => Reflect.apply(handler, this, args);
      const onError = (error: unknown): void => answerFailed(res, error);
      if (answerFromRun({ req, res: res as unknown as ServerResponse, mounted, call, onError }))
        return undefined;
    }
    const armed = watch(req, res, mounted);
    if (armed === undefined) return Reflect.apply(handler, this, args);
    try {
      const result: unknown = Reflect.apply(handler, this, args);
      armed.returned(result, isServer(this));
      return result;
    } catch (error) {
      armed.threw(error, isServer(this));
      throw error;
    }
  };
}

/**
 * Express names the route, and goes on naming it behind it. What is mounted with `use` is given the
 * router's own `next`, which it keeps on the request.
 */
function isOnRoute(req: object, next: unknown): boolean {
  const { route, next: outer } = req as { route?: unknown; next?: unknown };
  return route !== undefined && outer !== next;
}

/** What Node calls a listener with: the server, unless somebody stands in between. */
function isServer(caller: unknown): boolean {
  return typeof (caller as { listen?: unknown } | undefined)?.listen === 'function';
}

function createMiddleware(options: NodeHoldOpenOptions | undefined): Middleware {
  const overAll = mountOptions(options, 'global');
  const onRoute = mountOptions(options, 'route');
  return function holdOpenMiddleware(req, res, next) {
    if (typeof next !== 'function') throw asListener();
    const mounted = isOnRoute(req, next) ? onRoute : overAll;
    const { runs } = mounted;
    if (runs !== undefined && answerFromRun({ req, res, mounted, call: next, onError: next }))
      return;
    watch(req, res as unknown as TakenResponse, mounted);
    next();
  };
}

/** There is no framework to do it. */
function answerFailed(res: TakenResponse, error: unknown): void {
  surroundings.report('a request for a run failed', error);
  res.writeHead(500, { 'Content-Type': 'application/problem+json' });
  res.end('{"title":"Internal Server Error"}');
}

function asListener(): HoldOpenError {
  return new HoldOpenError(
    'HOLDOPEN_WRONG_MOUNT',
    'holdOpen(options) is middleware and was called without next(). For a server of its own give it the handler: createServer(holdOpen(handler, options)).',
  );
}
