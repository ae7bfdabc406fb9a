// The run routes for Node's `(req, res)`: Express, Connect, or a server of node:http.
import type { ServerResponse } from 'node:http';
import { type IncomingFacts, requestOfIncoming } from '@holdopen/fetch';
import { sendNodeResponse } from 'srvx/node';
import { problemResponse } from './problem.js';
import { placeOf } from './routes/place.js';
import type { Runs } from './runs.js';

export type RunsMiddleware = (
  /** Node's own, or Fastify's, which `incomingOf` of its adapter gives then. */
  req: IncomingFacts,
  res: ServerResponse,
  next?: (error?: Error) => void,
) => void;

/**
 * The run routes as middleware, to be mounted anywhere: what is none of theirs goes to `next`, or gets
 * 404 without one.
 * @example
 * app.use(runsMiddleware(runs));
 */
export function runsMiddleware(runs: Runs): RunsMiddleware {
  return (req, res, next) => {
    const path = req.originalUrl ?? req.url ?? '/';
    const { basePath } = runs.context.settings;
    const [pathname = ''] = path.split('?', 1);
    if (next !== undefined && placeOf(pathname, basePath, false) === undefined) {
      next();
      return;
    }
    const left = new AbortController();
    // Register first, then look: it may have gone before anybody listened.
    res.once('close', () => {
      // Over HTTP/2 a response that was never ended counts as finished once its stream has gone.
      if (!res.writableEnded || !res.writableFinished) left.abort();
    });
    if (res.destroyed) left.abort();
    answerTo(runs, req, left.signal)
      .then((response) => sendNodeResponse(res, response))
      .catch((error: unknown) => {
        if (next !== undefined && !res.headersSent) next(asError(error));
        else res.destroy();
      });
  };
}

async function answerTo(runs: Runs, req: IncomingFacts, signal: AbortSignal): Promise<Response> {
  let request: Request;
  try {
    // No route reads a body.
    request = requestOfIncoming(req, { signal });
  } catch {
    // Methods and addresses that no Request can have, such as TRACE.
    const detail = 'This is no request that the routes of runs could answer.';
    return problemResponse({ status: 400, code: 'bad_request', detail });
  }
  return runs.fetch(request);
}

/** Fastify's `done` takes nothing else. */
function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
