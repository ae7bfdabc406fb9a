import type { Handler } from './answer-errors.js';
import { HttpError } from './http-error.js';

export interface Route {
  readonly path: RegExp;
  readonly methods: Readonly<Record<string, Handler>>;
}

/** Throws 404 for a path that no route has, 405 for a method that its route has not. */
export function createRouter(routes: readonly Route[]): Handler {
  return (req, res) => {
    const [path = '/'] = (req.url ?? '').split('?');
    const route = routes.find((candidate) => candidate.path.test(path));
    if (route === undefined) throw new HttpError(404, `there is nothing at ${path}`);

    const handler = Object.entries(route.methods).find(([method]) => method === req.method)?.[1];
    if (handler !== undefined) return handler(req, res);
    const allowed = Object.keys(route.methods).join(', ');
    res.setHeader('Allow', allowed);
    throw new HttpError(405, `${path} knows ${allowed} only`);
  };
}
