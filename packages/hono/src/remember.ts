import type { Context } from 'hono';

const contexts = new WeakMap<Request, Context>();
const heldRequests = new WeakMap<Context, Request>();
const requests = new WeakMap<object, Request>();

/** The context of a request that is served by fetch. */
export function rememberContext(request: Request, c: Context): void {
  contexts.set(request, c);
  heldRequests.set(c, request);
}

export function contextOf(request: Request): Context | undefined {
  return contexts.get(request);
}

/** The request as it came: middleware may put another one in its place, as `bodyLimit` does. */
export function heldRequestOf(c: Context): Request {
  return heldRequests.get(c) ?? c.req.raw;
}

/** The web's request that @hono/node-server made of Node's. */
export function rememberRequest(incoming: object, request: Request): void {
  requests.set(incoming, request);
}

/** Only of requests that were remembered, which all are that options with functions meet. */
export function requestOf(incoming: object): Request {
  return requests.get(incoming) as Request;
}
