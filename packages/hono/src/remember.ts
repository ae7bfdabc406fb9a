import type { Context } from 'hono';

const contexts = new WeakMap<Request, Context>();
const requests = new WeakMap<object, Request>();

/** The context of a request that is served by fetch. */
export function rememberContext(request: Request, c: Context): void {
  contexts.set(request, c);
}

export function contextOf(request: Request): Context | undefined {
  return contexts.get(request);
}

/** The web's request that @hono/node-server made of Node's. */
export function rememberRequest(incoming: object, request: Request): void {
  requests.set(incoming, request);
}

/** Only of requests that were remembered, which all are that options with functions meet. */
export function requestOf(incoming: object): Request {
  return requests.get(incoming) as Request;
}
