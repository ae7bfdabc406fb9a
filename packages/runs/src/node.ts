// The run routes for Node's `(req, res)`: Express, Connect, or a server of node:http.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendNodeResponse } from 'srvx/node';
import type { Runs } from './runs.js';

export type RunsMiddleware = (
  req: IncomingMessage,
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
    const left = new AbortController();
    // Register first, then look: it may have gone before anybody listened.
    res.once('close', () => {
      if (!res.writableFinished) left.abort();
    });
    if (res.destroyed) left.abort();
    const request = requestOf(req, left.signal);
    const answer = next === undefined ? runs.fetch(request) : runs.match(request);
    if (answer === undefined) {
      next?.();
      return;
    }
    answer
      .then((response) => sendNodeResponse(res, response))
      .catch((error: unknown) => {
        if (next !== undefined && !res.headersSent) next(error);
        else res.destroy();
      });
  };
}

/** No route reads a body. */
function requestOf(req: IncomingMessage & { originalUrl?: string }, signal: AbortSignal): Request {
  const { encrypted } = req.socket as { encrypted?: boolean };
  const host = req.headers.host ?? req.headers[':authority'] ?? 'localhost';
  // Express takes off what the routes are mounted at.
  const path = req.originalUrl ?? req.url ?? '/';
  const headers = new Headers();
  for (const [name, value] of Object.entries(req.headers)) {
    if (value === undefined || name.startsWith(':')) continue;
    headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  const url = new URL(path, `http${encrypted === true ? 's' : ''}://${String(host)}`);
  return new Request(url, { method: req.method ?? 'GET', headers, signal });
}
