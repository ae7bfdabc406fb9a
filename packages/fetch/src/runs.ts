import { type HoldHandle, HoldOpenError } from '@holdopen/core';
import type { HeadersInput } from './mounted.js';

/** What the handler's call is told when its work belongs to a run. */
export interface RunInfo {
  /** Fires when the work is in vain. */
  readonly signal: AbortSignal;
  /** The run; `undefined` if the request is none. */
  readonly id: string | undefined;
  /** How often the work was started under its key, from 1. */
  readonly attempt: number;
  /** The handler gives a sign of life. */
  touch(): void;
  /**
   * So many bytes of its output wait to be read, which counts as if they were in the log. `false`: that
   * is too much, or the run has ended already, and nobody will read them.
   */
  queued(bytes: number): boolean;
  /** Resolves when the run is over, whatever its handler still does. */
  readonly over: Promise<unknown>;
}

/** What a handler can reach of its hold, or of the run that its work belongs to. */
export interface RequestHold extends HoldHandle {
  /**
   * How often the work was started under its key, from 1: from 2 on an earlier attempt was given up, or
   * lost with its process, and may have left something behind. `undefined` if the request is no run.
   */
  readonly attempt?: number | undefined;
}

/** What is known of a request beside itself. */
export interface RunAbout {
  readonly route?: string | undefined;
  /** What a parser made of the body, where one came first; the work's request has none then. */
  readonly parsed?: { readonly value: unknown } | undefined;
  /** The body was read before, and nothing is left that it could be compared by. */
  readonly isBodyLost?: boolean | undefined;
  readonly waitUntil?: ((work: Promise<unknown>) => void) | undefined;
}

/** What is known of a request before there is one. */
export interface RequestFacts {
  readonly method: string;
  /** Path and query, or all of an address. */
  readonly url: string;
  /** By its name in lower case. */
  header(name: string): string | undefined;
}

/**
 * What this package needs of runs. `createRuns()` of @holdopen/runs gives one; nothing else of runs is
 * known here.
 */
export interface RunsPort {
  /**
   * Whether a request may want anything of runs. Asked where it would cost something to make a Request
   * of it first.
   */
  concerns(asked: RequestFacts): boolean;
  /** Calls the handler with the request as it is, or answers from a run in its place. */
  serve<Result>(
    request: Request,
    work: (request: Request, info: RunInfo) => Result,
    about?: RunAbout,
  ): Result | Promise<Response>;
  /** How long the head must be withheld at least, for a status that cannot be told late. */
  withholdMs(request: Request): number | undefined;
  /** What a held head can say of the request's run. */
  heldHeaders(request: Request): Headers;
}

function isRunsPort(given: unknown): given is RunsPort {
  if (typeof given !== 'object' || given === null) return false;
  const names = ['concerns', 'serve', 'withholdMs', 'heldHeaders'] as const;
  return names.every((name) => typeof (given as Partial<RunsPort>)[name] === 'function');
}

/**
 * The option `runs`, checked.
 * @throws HoldOpenError if it is none, or if other options contradict it.
 */
export function checkRuns(
  options: { readonly runs?: unknown; readonly onDisconnect?: unknown } | undefined,
): RunsPort | undefined {
  const given: unknown = options?.runs;
  if (given === undefined) return undefined;
  if (!isRunsPort(given)) {
    throw new HoldOpenError(
      'HOLDOPEN_INVALID_OPTION',
      'runs must be what createRuns() of @holdopen/runs gives, such as runs: createRuns({ authorize }).',
      { option: 'runs', given },
    );
  }
  if (options?.onDisconnect === 'abort') {
    throw new HoldOpenError(
      'HOLDOPEN_CONFLICTING_OPTIONS',
      "onDisconnect: 'abort' contradicts runs, whose work goes on when its client has left. Leave one of them out; a client ends its run with DELETE.",
      { option: 'onDisconnect', given: 'abort' },
    );
  }
  return given;
}

/** A held head names the run, so that a client that loses it knows where to come back to. */
export function withRunHeaders(
  given: ((request: Request) => HeadersInput) | undefined,
  runs: RunsPort | undefined,
): ((request: Request) => HeadersInput) | undefined {
  if (runs === undefined) return given;
  return (request) => {
    const headers = runs.heldHeaders(request);
    if (given === undefined) return headers;
    for (const [name, value] of new Headers(given(request))) headers.set(name, value);
    return headers;
  };
}

/** A run's work has no connection, so it is held by nobody: its signal is the run's. */
export class RunHandle implements RequestHold {
  readonly signal: AbortSignal;
  readonly id: string;
  readonly attempt: number;
  readonly #isOver: () => boolean;

  readonly #info: RunInfo;

  constructor(info: RunInfo, isOver: () => boolean) {
    const { signal, id = '', attempt } = info;
    this.signal = signal;
    this.id = id;
    this.attempt = attempt;
    this.#info = info;
    this.#isOver = isOver;
  }

  touch(): void {
    this.#info.touch();
  }

  get state(): RequestHold['state'] {
    if (this.signal.aborted) return 'failed';
    return this.#isOver() ? 'complete' : 'waiting';
  }
}
