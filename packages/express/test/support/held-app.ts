import type { Express, RequestHandler } from 'express';
import { ask, type Question, type Reply } from '../../../node/test/held/support/ask.js';
import { QUICK, type Served, serve } from '../../../node/test/held/support/serve.js';
import { held } from '../../../node/test/held/support/wait.js';
import { type ExpressHoldOpenOptions, holdOpen, type LateOutcome } from '../../src/index.js';
import type { ExpressModule } from './versions.js';

interface HeldApp {
  readonly app: Express;
  /** What `onLateOutcome` was told. */
  readonly outcomes: readonly LateOutcome[];
  /** Serves it until the test is over. */
  served(): Promise<Served>;
}

/** An app whose `POST /work` has been held by the time `handler` is called. */
export function heldApp(
  express: ExpressModule,
  handler: RequestHandler,
  options: ExpressHoldOpenOptions = {},
): HeldApp {
  const outcomes: LateOutcome[] = [];
  const app = express();
  // Otherwise the final handler writes every error to the console.
  app.set('env', 'test');
  app.post(
    '/work',
    holdOpen({ ...QUICK, onLateOutcome: (outcome) => outcomes.push(outcome), ...options }),
    untilHeld,
    handler,
  );
  return { app, outcomes, served: () => serve(app) };
}

/** Middleware that passes on once the head has been sent in the handler's place. */
export const untilHeld: RequestHandler = (req, _res, next) => {
  void held(req).then(() => next(), next);
};

/** Asks a held app. */
export async function post(
  app: { served(): Promise<Served> },
  question: Question = {},
): Promise<Reply> {
  return ask(await app.served(), { method: 'POST', path: '/work', ...question });
}
