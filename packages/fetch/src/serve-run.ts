import { rememberRun } from './handles.js';
import { type RequestHold, type RunAbout, RunHandle, type RunInfo, type RunsPort } from './runs.js';

/**
 * For adapters: answers a request by its run, or by its handler if it wants none. `work` is given the
 * request itself then, and else one that belongs to the run, with the run's handle and what it is told
 * of the run.
 */
export function serveRun<Result>(
  runs: RunsPort,
  request: Request,
  work: (given: Request, hold: RequestHold | undefined, info?: RunInfo) => Result,
  about: RunAbout = {},
): Result | Promise<Response> {
  return runs.serve(
    request,
    (given, info) => {
      if (given === request) return work(given, undefined);
      let isOver = false;
      const hold = new RunHandle(info, () => isOver);
      rememberRun(given, hold);
      const over = (): void => {
        isOver = true;
      };
      const result = work(given, hold, info);
      if (result instanceof Promise) result.then(over, over);
      else over();
      return result;
    },
    about,
  );
}

/** Of a Worker's context, which stands behind the request and perhaps its environment. */
export function waitUntilOf(candidates: readonly unknown[]): RunAbout['waitUntil'] {
  for (const candidate of candidates) {
    const context = candidate as { waitUntil?: unknown } | null | undefined;
    if (typeof context?.waitUntil === 'function') {
      const { waitUntil } = context as { waitUntil(work: Promise<unknown>): void };
      return (work) => waitUntil.call(context, work);
    }
  }
  return undefined;
}
