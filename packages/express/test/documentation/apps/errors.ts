// https://expressjs.com/en/guide/error-handling.html
import type { ErrorRequestHandler, Request, Response } from 'express';
import { type DocumentedApp, get } from '../app.js';

function httpError(status: number, message: string, more: object = {}): Error {
  return Object.assign(new Error(message), {
    status,
    statusCode: status,
    expose: status < 500,
    ...more,
  });
}

export const ERRORS: readonly DocumentedApp[] = [
  {
    title: 'errors that are thrown, for the default handler',
    build(app) {
      app.get('/', () => {
        throw new Error('BROKEN');
      });
      app.get('/status', () => {
        throw httpError(422, 'no such model');
      });
      app.get('/headers', () => {
        throw httpError(503, 'busy', { headers: { 'Retry-After': '5', 'X-Why': 'busy' } });
      });
      app.get('/text', () => {
        throw 'a text';
      });
    },
    requests: ['/', '/status', '/headers', '/text'].map((path) => get(path)),
  },
  {
    title: 'errors that are passed to next',
    build(app) {
      app.get('/file', (_req, res, next) => {
        import('node:fs').then(({ readFile }) => {
          readFile('/file-does-not-exist', (error, data) => (error ? next(error) : res.send(data)));
        }, next);
      });
      app.get(
        '/later',
        (_req, _res, next) => void setImmediate(() => next(httpError(418, 'teapot'))),
      );
      app.get('/status-set', (_req, res, next) => {
        res.status(409);
        next(new Error('conflict'));
      });
    },
    requests: ['/file', '/later', '/status-set'].map((path) => get(path)),
  },
  {
    title: 'a chain of error handlers',
    build(app) {
      const log: ErrorRequestHandler = (error, _req, res, next) => {
        res.set('X-Logged', 'yes');
        next(error);
      };
      const forClients: ErrorRequestHandler = (error, req, res, next) => {
        if (req.xhr) res.status(500).send({ error: 'Something failed!' });
        else next(error);
      };
      const forAll: ErrorRequestHandler = (error, _req, res, next) => {
        if (res.headersSent) next(error);
        else
          res
            .status(500)
            .type('html')
            .send(`<h1>${(error as Error).message}</h1>`);
      };
      app.get('/', (_req, _res, next) => next(new Error('failed')));
      app.use(log, forClients, forAll);
    },
    requests: [get('/'), get('/', { 'X-Requested-With': 'XMLHttpRequest' })],
  },
  {
    title: 'an error page of one’s own for 404 and 500',
    build(app) {
      app.get('/', (_req, res) => void res.json({ home: true }));
      app.get('/403', (_req, _res, next) => next(httpError(403, 'not allowed!')));
      app.use((_req, res) => {
        res.status(404);
        res.format({
          html: () => res.send('<p>not found</p>'),
          json: () => res.json({ error: 'Not found' }),
          default: () => res.type('txt').send('Not found'),
        });
      });
      app.use(((error: { status?: number; message: string }, _req, res, _next) => {
        res.status(error.status ?? 500).json({ error: error.message });
      }) as ErrorRequestHandler);
    },
    requests: [
      get('/'),
      get('/403'),
      get('/none', { Accept: 'text/html' }),
      get('/none', { Accept: 'application/json' }),
      get('/none', { Accept: 'image/png' }),
    ],
  },
  {
    title: 'an async handler that catches its own',
    build(app) {
      const wrap =
        (handler: (req: Request, res: Response) => Promise<unknown>) =>
        (req: Request, res: Response, next: (error: unknown) => void): void => {
          handler(req, res).catch(next);
        };
      app.get(
        '/fails',
        wrap(async () => {
          await Promise.resolve();
          throw httpError(404, 'no user');
        }),
      );
      app.get(
        '/works',
        wrap(async (_req, res) => {
          await Promise.resolve();
          res.json({ works: true });
        }),
      );
    },
    requests: [get('/fails'), get('/works')],
  },
  {
    title: 'an error handler that fails itself',
    build(app) {
      app.get('/', () => {
        throw new Error('first');
      });
      app.use((() => {
        throw httpError(502, 'second');
      }) as ErrorRequestHandler);
      const takesFour: ErrorRequestHandler = (error, _req, res, _next) => {
        res.status((error as { status?: number }).status ?? 500).json({ last: 'resort' });
      };
      app.use(takesFour);
    },
    requests: [get('/')],
  },
  {
    title: 'errors in a router, handled by the router and by the app',
    build(app, { express }) {
      const router = express.Router();
      router.get('/own', () => {
        throw httpError(400, 'own');
      });
      router.get('/passed', () => {
        throw httpError(401, 'passed');
      });
      const handle: ErrorRequestHandler = (error, _req, res, next) => {
        const { message } = error as Error;
        if (message === 'own') res.status(400).json({ by: 'router' });
        else next(error);
      };
      router.use(handle);
      app.use('/r', router);
      app.use(((error: { status: number }, _req, res, _next) => {
        res.status(error.status).json({ by: 'app' });
      }) as ErrorRequestHandler);
    },
    requests: [get('/r/own'), get('/r/passed')],
  },
  {
    title: 'statuses that Express turns away or makes 500 of',
    build(app) {
      app.get('/', () => {
        throw httpError(200, 'a status that is no error');
      });
      app.get('/none', (_req, res, next) => {
        res.status(404);
        next(httpError(999, 'out of range'));
      });
    },
    requests: [get('/'), get('/none')],
  },
];
