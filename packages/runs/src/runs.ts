import type { RequestFacts } from '@holdopen/fetch';
import { withheldMs } from './attach/withheld.js';
import { RunsContext, type RunsRuntime } from './context.js';
import type { RunDescription } from './describe.js';
import { RunError } from './errors.js';
import type { RunsOptions } from './options.js';
import { HeldRoutes } from './routes/held.js';
import { listRuns } from './routes/list.js';
import { intentOf, mayConcern } from './serve/intent.js';
import { OwnRuns, type RunsDrainResult } from './serve/own-runs.js';
import { RunServer } from './serve/serve.js';
import { PlainInfo, type ServeContext, type Work } from './serve/work.js';
import { resolveRunsOptions } from './settings.js';
import { Sweeper } from './sweeper.js';
import { pause } from './timers.js';

/** How long `drain` waits for the work that goes on. */
export const DEFAULT_RUNS_DRAIN_TIMEOUT_MS = 30_000;

/** For watchers to read how the runs ended that were given up. */
const FAREWELL_MS = 100;

export interface RunsDrainOptions {
  /**
   * How long to wait before what still goes on is given up.
   * @default 30000
   */
  readonly timeoutMs?: number | undefined;
}

/** Runs of one mount: makes work outlive the connection that asked for it. */
export class Runs {
  /** For the routes. */
  readonly context: RunsContext;
  readonly #own: OwnRuns;
  readonly #server: RunServer;
  readonly #sweeper: Sweeper;
  readonly #routes: HeldRoutes;

  /** @throws RunError `invalid_option` */
  constructor(options: RunsOptions, runtime?: RunsRuntime) {
    const settings = resolveRunsOptions(options);
    this.context = new RunsContext(settings, runtime);
    this.#own = new OwnRuns(settings);
    this.#server = new RunServer(this.context, this.#own);
    this.#routes = new HeldRoutes(this.context);
    const { timers } = this.context.runtime;
    this.#sweeper = new Sweeper(() => this.context.store, timers, settings.sweepIntervalMs);
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
    return this.#server.serve({ request, work, about }, intent);
  }

  /**
   * The run routes, to be mounted at `basePath`: `GET /` lists the caller's running runs, `GET /:id`
   * says what one is doing, `/:id/events` and `/:id/result` give its output, and `DELETE /:id` ends it.
   * On Bun pass the server on, which is the second argument of `fetch`. For Node's `(req, res)` there
   * is `runsMiddleware` of `@holdopen/runs/node`.
   * @example
   * app.all('/runs/*', (c) => runs.fetch(c.req.raw));
   */
  fetch(request: Request, server?: unknown): Promise<Response> {
    return this.#routes.fetch(request, server);
  }

  /** The same, but `undefined` for a path that is none of the routes'. */
  match(request: Request, server?: unknown): Promise<Response> | undefined {
    return this.#routes.match(request, server);
  }

  /**
   * The running runs of a principal, oldest first: what a page asks for after a reload.
   * @throws RunError `store_away`
   */
  list(principal: string): Promise<RunDescription[]> {
    return listRuns(this.context, principal);
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

  /**
   * For a shutdown: starts no more work, waits for what goes on, and then gives it up, so that its keys
   * start it anew elsewhere. Requests that join work are answered meanwhile.
   */
  async drain({ timeoutMs }: RunsDrainOptions = {}): Promise<RunsDrainResult> {
    const limitMs = timeoutMs ?? DEFAULT_RUNS_DRAIN_TIMEOUT_MS;
    if (!(limitMs >= 0 && limitMs <= 2 ** 31 - 1)) {
      const range = 'a number of milliseconds from 0 to 2147483647';
      throw new RunError('invalid_option', `timeoutMs must be ${range}; it was ${limitMs}.`);
    }
    return this.#own.drain(this.context.runtime.timers, limitMs);
  }

  /** Gives up what goes on and ends all watchers. A store that was handed in stays open. */
  async close(): Promise<void> {
    this.#sweeper.stop();
    const { timers } = this.context.runtime;
    const { released } = await this.#own.drain(timers, 0);
    if (released > 0) await pause(timers, FAREWELL_MS);
    this.context.close();
    if (this.context.settings.store === undefined) await this.context.store.close();
  }
}

/**
 * Makes work outlive the connection that asked for it.
 * @throws RunError `invalid_option`; its message says what to do
 * @example
 * const runs = createRuns({ authorize: async (request) => (await session(request))?.userId });
 */
export function createRuns(options: RunsOptions, runtime?: RunsRuntime): Runs {
  return new Runs(options, runtime);
}
