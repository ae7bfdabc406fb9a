import type { RequestFacts } from '@holdopen/fetch';
import { withheldMs } from './attach/withheld.js';
import type { RunsContext } from './context.js';
import { intentOf, mayConcern } from './serve/intent.js';
import type { OwnRuns } from './serve/own-runs.js';
import { RunServer } from './serve/serve.js';
import { PlainInfo, type ServeContext, type Work } from './serve/work.js';
import type { Sweeper } from './sweeper.js';

/** Runs as a route has them: what the option `runs` of `holdOpen` takes. */
export class RouteRuns {
  /** For the routes. */
  readonly context: RunsContext;
  readonly #server: RunServer;
  readonly #sweeper: Sweeper;

  constructor(context: RunsContext, own: OwnRuns, sweeper: Sweeper) {
    this.context = context;
    this.#server = new RunServer(context, own);
    this.#sweeper = sweeper;
  }

  /** Whether a request may want anything of runs, by its head alone. */
  concerns(asked: RequestFacts): boolean {
    return mayConcern(asked, this.context.settings);
  }

  /**
   * Answers a request in its handler's place. One that wants nothing of runs is the handler's, as it is.
   * One with a key is answered from its run: it starts the work, joins it, or gets what came of it. An
   * adapter wraps this call in its hold, which covers the silence.
   */
  serve<Result>(
    request: Request,
    work: Work<Result>,
    about: ServeContext = {},
  ): Result | Promise<Response> {
    const intent = intentOf(request, this.context.settings);
    if (intent.kind === 'plain') return work(request, new PlainInfo(request));
    this.#sweeper.start();
    const askedAt = this.context.runtime.timers.now();
    return this.#server.serve({ request, work, about, askedAt }, intent);
  }

  /**
   * How long the head must be withheld at least, whatever `firstBeatMs` says, since a status may come
   * that cannot be told late: a 202 that the client asked for, or a 204 for one that has all. Else
   * `undefined`.
   */
  withholdMs(request: Request): number | undefined {
    const untilMs = withheldMs(request);
    if (untilMs === undefined) return undefined;
    const { kind } = intentOf(request, this.context.settings);
    return kind === 'keyed' || kind === 'resume' ? untilMs : undefined;
  }

  /**
   * What the answer to this request will say of its run, for a head that goes out before the answer is
   * there: where to come back to, a token, CORS. Empty for a request that has no run (yet).
   */
  heldHeaders(request: Request): Headers {
    return new Headers(this.context.knownHeaders.get(request));
  }
}
