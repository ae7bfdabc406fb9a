import { RunsContext, type RunsRuntime } from './context.js';
import type { RunDescription } from './describe.js';
import { RunError } from './errors.js';
import type { RunsOptions } from './options.js';
import { type RouteRunsOptions, resolveRouteOptions } from './route-options.js';
import { RouteRuns } from './route-runs.js';
import { HeldRoutes } from './routes/held.js';
import { listRuns } from './routes/list.js';
import { OwnRuns, type RunsDrainResult } from './serve/own-runs.js';
import { resolveRunsOptions } from './settings.js';
import { Sweeper } from './sweeper.js';

/** How long `drain` waits for the work that goes on. */
export const DEFAULT_RUNS_DRAIN_TIMEOUT_MS = 30_000;

/**
 * What a shutdown takes beyond its time-out: for the store to take what is given up, and for watchers to
 * read how the runs ended. Who is slower comes back for it.
 */
const FAREWELL_MS = 2_000;

export interface RunsDrainOptions {
  /**
   * How long to wait before what still goes on is given up, which takes two seconds more at most.
   * @default 30000
   */
  readonly timeoutMs?: number | undefined;
}

/** Makes work outlive the connection that asked for it. */
export class Runs extends RouteRuns {
  readonly #options: RunsOptions;
  readonly #own: OwnRuns;
  readonly #sweeper: Sweeper;
  readonly #routes: HeldRoutes;

  /** @throws RunError `invalid_option` */
  constructor(options: RunsOptions, runtime?: RunsRuntime) {
    const context = new RunsContext(resolveRunsOptions(options), runtime);
    const own = new OwnRuns(context.settings);
    const { timers } = context.runtime;
    const sweeper = new Sweeper(() => context.store, timers, context.settings.sweepIntervalMs);
    super(context, own, sweeper);
    this.#options = options;
    this.#own = own;
    this.#sweeper = sweeper;
    this.#routes = new HeldRoutes(context);
  }

  /**
   * The same runs with other options for one route: its keys, what they meet, and what it may record.
   * Store, run routes, limits and shutdown are those of all.
   * @throws RunError `invalid_option`; its message says what to do
   * @example
   * app.post('/reports', holdOpen({ runs: runs.forRoute({ onLost: 'rerun' }) }), handler);
   */
  forRoute(options: RouteRunsOptions): RouteRuns {
    const settings = resolveRouteOptions(this.#options, options);
    return new RouteRuns(this.context.forRoute(settings), this.#own, this.#sweeper);
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
    this.#sweeper.start();
    return this.#routes.fetch(request, server);
  }

  /** The same, but `undefined` for a path that is none of the routes'. */
  match(request: Request, server?: unknown): Promise<Response> | undefined {
    const answer = this.#routes.match(request, server);
    // A process that starts no work may be all that is left to sweep.
    if (answer !== undefined) this.#sweeper.start();
    return answer;
  }

  /**
   * The running runs of a principal, oldest first: what a page asks for after a reload.
   * @throws RunError `store_away`
   */
  list(principal: string): Promise<RunDescription[]> {
    this.#sweeper.start();
    return listRuns(this.context, principal);
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
    return this.#endOwn(limitMs);
  }

  /** Gives up what goes on and ends all watchers. A store that was handed in stays open. */
  async close(): Promise<void> {
    this.#sweeper.stop();
    await this.#endOwn(0);
    this.context.close();
    if (this.context.settings.store === undefined) await this.context.store.close();
  }

  async #endOwn(timeoutMs: number): Promise<RunsDrainResult> {
    const { timers } = this.context.runtime;
    const endsAt = timers.now() + timeoutMs + FAREWELL_MS;
    const { runs, ...result } = await this.#own.drain(timers, timeoutMs, FAREWELL_MS);
    const leftMs = Math.min(FAREWELL_MS, endsAt - timers.now());
    await this.context.watching.toldEndOf(runs, timers, leftMs);
    return result;
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
