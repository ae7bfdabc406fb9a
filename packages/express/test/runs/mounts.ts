import { runsMiddleware } from '@holdopen/runs/node';
import type { Express, Request, RequestHandler, Response } from 'express';
import { serve } from '../../../node/test/held/support/serve.js';
import {
  type Around,
  holdOptions,
  type Mount,
  NodeVoice,
  textOf,
  type Work,
} from '../../../node/test/runs/support/index.js';
import { holdOpen } from '../../src/index.js';
import type { ExpressModule } from '../support/index.js';

/** As a handler of Express writes. */
class ExpressVoice extends NodeVoice {
  readonly #req: Request;
  readonly #res: Response;

  constructor(req: Request, res: Response) {
    super(req, res);
    this.#req = req;
    this.#res = res;
  }

  override async text(): Promise<string> {
    const body: unknown = this.#req.body;
    // Express 4 has an empty one where no parser stood.
    const isParsed = body !== undefined && Object.keys(body as object).length > 0;
    return isParsed ? JSON.stringify(body) : textOf(this.#req);
  }

  override json(value: unknown, status = 200, headers: Record<string, string> = {}): unknown {
    return this.#res.status(status).set(headers).json(value);
  }

  override empty(status: number): unknown {
    return this.#res.sendStatus(status);
  }
}

/** `app.post(path, holdOpen(options), handler)`, or `app.use(holdOpen(options))`. */
export function expressMount(express: ExpressModule, place: 'route' | 'over all'): Mount {
  return {
    transport: 'HTTP/1.1',
    serve: (work, around) => serve(appOf(express(), work, { around, place, json: express.json })),
  };
}

interface Plan {
  readonly around: Around;
  readonly place: 'route' | 'over all';
  readonly json: ExpressModule['json'];
}

function appOf(app: Express, work: Work, { around, place, json }: Plan): Express {
  // Otherwise the final handler writes every error to the console.
  app.set('env', 'test');
  const { runs, isBare, isTwice, parser, outer, before } = around;
  if (runs !== undefined) app.use(runsMiddleware(runs));
  const middleware: RequestHandler[] = [];
  if (before !== undefined) {
    middleware.push((req, _res, next) => {
      const passing = before(req);
      if (passing === undefined) next();
      else void passing.then(() => next());
    });
  }
  if (outer !== undefined) middleware.push(outer);
  if (parser === 'before') middleware.push(json());
  if (isBare !== true) middleware.push(holdOpen(holdOptions(around)));
  if (isTwice === true) middleware.push(holdOpen(holdOptions(around)));
  if (parser === 'behind') middleware.push(json());
  const handler: RequestHandler = async (req, res, next) => {
    try {
      await work(new ExpressVoice(req, res));
    } catch (error) {
      next(error);
    }
  };
  if (place === 'route') app.all('/work', ...middleware, handler);
  else {
    for (const one of middleware) app.use(one);
    app.all('/work', handler);
  }
  return app;
}
