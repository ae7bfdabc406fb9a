import type { IncomingMessage } from 'node:http';
import { type FetchHoldOpenOptions, getHold, holdOpen as holdFetch } from '@holdopen/fetch';
import {
  type HoldHandle,
  type HoldOpenOptions,
  type Mount,
  mountOptions,
  type PreparedHeader,
  watchResponse,
} from '@holdopen/node';
import { type H3Event, type Middleware, toResponse } from 'h3';

/** Functions among the options get Node's request where there is one, elsewhere the Web's. */
export interface H3HoldOpenOptions extends HoldOpenOptions<IncomingMessage | Request> {
  /** Not for Node: headers of the held head that stand on no `event.res` yet. */
  headers?: FetchHoldOpenOptions['headers'];
}

/**
 * Middleware for h3 2 and Nitro that keeps responses alive while their handlers are silent. On Node,
 * an answer that is ready before its first beat is due is not changed in any way.
 *
 * h3 does not tell a middleware where it stands, so say it. `'global'`, the default, guesses nothing;
 * on one `'route'` JSON is taken for granted. On Bun, Deno and Workers it always is, unless `Accept`
 * rules it out, so mount it on routes there, before other middleware: what stands before it sees a
 * Response at the first beat, and `onResponse` is called then.
 *
 * @example
 * app.post('/reports', (event) => workForMinutes(holdOf(event).signal), {
 *   middleware: [holdOpen({ intervalMs: 8_000 }, 'route')],
 * });
 *
 * @throws HoldOpenError if an option is wrong; its message says what to do.
 */
export function holdOpen(options: H3HoldOpenOptions = {}, where: Mount = 'global'): Middleware {
  const { headers: _, ...onNode } = options;
  const mounted = mountOptions(onNode, where);
  const answer = holdFetch(respond, options);
  return function holdOpenMiddleware(event, next) {
    const { node, bun } = event.runtime ?? {};
    if (node?.res === undefined) return answer(event.req, bun?.server, event, next);
    watchResponse(node.req, node.res, mounted, {
      route: event.context.matchedRoute?.route,
      preparedHeaders: () => preparedHeaders(event),
    });
    return next();
  };
}

/** The hold of an event: `signal`, `touch()`, `id`, `state`. Inert where nothing is mounted. */
export function holdOf(event: H3Event): HoldHandle {
  return event.runtime?.node?.req.holdOpen ?? getHold(event.req);
}

/** What h3 keeps to itself until the handler has answered: CORS headers and cookies above all. */
function preparedHeaders(event: H3Event): PreparedHeader[] {
  const { headers } = event.res;
  const single = [...headers].filter(([name]) => name !== 'set-cookie');
  const cookies = headers.getSetCookie();
  return cookies.length > 0 ? [...single, ['set-cookie', cookies]] : single;
}

/** Handlers give values and throw HTTPErrors; what can be held is the Response h3 makes of them. */
async function respond(
  _request: Request,
  _server: unknown,
  event: H3Event,
  next: () => unknown,
): Promise<Response> {
  // Called once, by h3 itself, for the Response that goes out.
  const { onResponse: _, ...config } = event.app?.config ?? {};
  return toResponse((async () => next())(), event, config);
}
