import type { IncomingMessage, ServerResponse } from 'node:http';
import { HttpError } from './http-error.js';
import { sendJson } from './json.js';

export type Handler = (req: IncomingMessage, res: ServerResponse) => unknown;

/** Answers what a handler throws, as the error handler of a framework does. */
export function answerErrors(handler: Handler, log: (line: string) => void) {
  return async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    try {
      await handler(req, res);
    } catch (error) {
      if (res.destroyed) {
        log(`${req.method} ${req.url}: the client left, its work was stopped`);
      } else if (error instanceof HttpError) {
        sendJson(res, error.statusCode, { error: error.message });
      } else {
        log(`${req.method} ${req.url}: ${error instanceof Error ? error.stack : error}`);
        sendJson(res, 500, { error: 'internal error' });
      }
    }
  };
}
