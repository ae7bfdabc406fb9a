/** What a handler's call is told beside its request. */
export interface WorkInfo {
  /** Fires when the work is in vain: the run was cancelled, failed, or belongs to another process. */
  readonly signal: AbortSignal;
  /** The run; `undefined` if the request is none. */
  readonly id: string | undefined;
  /** How often the work was started under its key, from 1. */
  readonly attempt: number;
  /** A sign of life, for `maxSilenceMs`. */
  touch(): void;
  /**
   * So many bytes of its output wait to be read, which counts as if they were in the log: beyond
   * `maxLogBytes` the run fails. `false`: nobody will read them.
   */
  queued(bytes: number): boolean;
  /** Resolves when the run is over, whatever its handler still does; never if the request is none. */
  readonly over: Promise<unknown>;
}

/** The call of the handler. */
export type Work<Result> = (request: Request, info: WorkInfo) => Result;

/** What an adapter knows of a request beyond the request itself. */
export interface ServeContext {
  /**
   * Names the route, so that one key of two routes is two runs: its pattern, where the framework has one.
   * @default method and path
   */
  readonly route?: string | undefined;
  /** What a parser made of the body, where one came first. The work gets a request without a body. */
  readonly parsed?: { readonly value: unknown } | undefined;
  /** The body was read before, and nothing is left that it could be compared by. */
  readonly isBodyLost?: boolean | undefined;
  /** Keeps the process awake for the work, on platforms that need to be told. */
  readonly waitUntil?: ((work: Promise<unknown>) => void) | undefined;
}

/** A call that is no run. The signal is asked for only by who wants it: in Deno that is warned of. */
export class PlainInfo implements WorkInfo {
  readonly id = undefined;
  readonly attempt = 1;
  readonly #request: Request;

  constructor(request: Request) {
    this.#request = request;
  }

  touch(): void {}

  queued(): boolean {
    return true;
  }

  get over(): Promise<unknown> {
    return new Promise(() => {});
  }

  get signal(): AbortSignal {
    return this.#request.signal;
  }
}
