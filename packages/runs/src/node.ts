// The run routes for Node's `(req, res)`: Express, Connect, or a server of node:http.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendNodeResponse } from 'srvx/node';
import { problemResponse } from './problem.js';
import { placeOf } from './routes/place.js';
import type { Runs } from './runs.js';

export type RunsMiddleware = (
  req: IncomingMessage & { originalUrl?: string },
  res: ServerResponse,
  next?: (error?: unknown) => void,
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
      if (!res.writableFinished) left.abort();
    });
    if (res.destroyed) left.abort();
    answerTo(runs, req, path, left.signal)
      .then((response) => sendNodeResponse(res, response))
      .catch((error: unknown) => {
        if (next !== undefined && !res.headersSent) next(error);
        else res.destroy();
      });
  };
}

type MountedRequest = IncomingMessage & { originalUrl?: string };

async function answerTo(
  runs: Runs,
  req: MountedRequest,
  path: string,
  signal: AbortSignal,
): Promise<Response> {
  let request: Request;
  try {
    request = requestOf(req, path, signal);
  } catch {
    // Methods and addresses that no Request can have, such as TRACE.
    const detail = 'This is no request that the routes of runs could answer.';
    return problemResponse({ status: 400, code: 'bad_request', detail });
  }
  return runs.fetch(request);
}

/** No route reads a body. */
function requestOf(req: MountedRequest, path: string, signal: AbortSignal): Request {
  const { encrypted } = req.socket as { encrypted?: boolean };
  const host = req.headers.host ?? req.headers[':authority'] ?? 'localhost';
  const headers = new Headers();
  for (const [name, value] of Object.entries(req.headers)) {
    if (value === undefined || name.startsWith(':')) continue;
    headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  const url = new URL(path, `http${encrypted === true ? 's' : ''}://${String(host)}`);
  return new Request(url, { method: req.method ?? 'GET', headers, signal });
}
