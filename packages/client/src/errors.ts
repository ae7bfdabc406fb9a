import type { FailureKind } from './transport/failure.js';
import type { Problem } from './wire/problem.js';

/** What went wrong, for programs. The message says it for people, with the way on. */
export type HoldOpenErrorCode =
  /** The exchange failed; the same in {@link TransportError.failure}. */
  | `HOLDOPEN_${Uppercase<FailureKind>}`
  /** The server answered with a status that no stream can begin with. */
  | 'HOLDOPEN_STATUS'
  /** It refuses who asks: 401 or 403. */
  | 'HOLDOPEN_UNAUTHORIZED'
  /** It asks for fewer requests: 429. */
  | 'HOLDOPEN_RATE_LIMITED'
  /** It has no room right now: 503 or 529. */
  | 'HOLDOPEN_OVERLOADED'
  /** It failed: 500 and above. */
  | 'HOLDOPEN_SERVER_ERROR'
  /** The answer is of another type than was asked for. */
  | 'HOLDOPEN_WRONG_TYPE'
  /** The work failed after its answer had begun. */
  | 'HOLDOPEN_FAILED'
  /** The work was told to stop. */
  | 'HOLDOPEN_CANCELLED'
  /** The work died with its process, or nothing is known of it any more. */
  | 'HOLDOPEN_LOST'
  /** The work was begun anew, so that its events are not those that were received before. */
  | 'HOLDOPEN_RESTARTED'
  /** An option has a wrong value or an unknown name, or contradicts another. */
  | 'HOLDOPEN_INVALID_OPTION';

/** A run as its server describes it. */
export interface RunStatus {
  /** Where it is asked for. */
  readonly url: string;
  /** `undefined` if the server could not be asked. */
  readonly state: string | undefined;
  /** The status that the work came to. */
  readonly status: number | undefined;
  readonly code: string | undefined;
}

/** What is known of the request when it is given up. */
export interface HoldOpenErrorFacts {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** How often the request was sent, or the run joined. */
  readonly attempts?: number | undefined;
  /** How many bytes of the answer came in the last attempt; `undefined` if its head never came. */
  readonly bytes?: number | undefined;
  /** How long nothing had come when it failed. */
  readonly silenceMs?: number | undefined;
  /** The work on the server, if it outlives its connections. */
  readonly run?: RunStatus | undefined;
  /** The last place in an event stream: `Last-Event-ID`. */
  readonly cursor?: string | undefined;
  readonly idempotencyKey?: string | undefined;
  readonly cause?: unknown;
}

/** Every failure that the client tells. Catch it by `instanceof`, tell the kinds apart by `code`. */
export class HoldOpenError extends Error {
  readonly code: HoldOpenErrorCode;
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly attempts: number;
  readonly bytes: number | undefined;
  readonly silenceMs: number | undefined;
  readonly run: RunStatus | undefined;
  readonly cursor: string | undefined;
  readonly idempotencyKey: string | undefined;

  constructor(code: HoldOpenErrorCode, message: string, facts: HoldOpenErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = 'HoldOpenError';
    this.code = code;
    this.method = facts.method;
    this.url = facts.url;
    this.attempts = facts.attempts ?? 0;
    this.bytes = facts.bytes;
    this.silenceMs = facts.silenceMs;
    this.run = facts.run;
    this.cursor = facts.cursor;
    this.idempotencyKey = facts.idempotencyKey;
  }
}

/** The exchange failed. */
export class TransportError extends HoldOpenError {
  readonly failure: FailureKind;
  /** Whether the server may have begun to work on the request. */
  readonly mayHaveRun: boolean;

  constructor(
    failure: FailureKind,
    mayHaveRun: boolean,
    message: string,
    facts: HoldOpenErrorFacts,
  ) {
    super(`HOLDOPEN_${failure.toUpperCase() as Uppercase<FailureKind>}`, message, facts);
    this.name = 'TransportError';
    this.failure = failure;
    this.mayHaveRun = mayHaveRun;
  }
}

/** The server told a failure: by its status, in an event, or of a run. */
export class AnswerError extends HoldOpenError {
  /** The true status. */
  readonly status: number | undefined;
  /** What the server said of it, if that was a JSON object. */
  readonly problem: Problem | undefined;

  constructor(
    code: HoldOpenErrorCode,
    message: string,
    facts: HoldOpenErrorFacts,
    status?: number,
    problem?: Problem,
  ) {
    super(code, message, facts);
    this.name = 'AnswerError';
    this.status = status;
    this.problem = problem;
  }
}

/** An option that cannot be meant so. Thrown at once, before anything is sent. */
export class OptionError extends HoldOpenError {
  readonly option: string;
  readonly given: unknown;

  constructor(option: string, given: unknown, fix: string) {
    super('HOLDOPEN_INVALID_OPTION', `holdOpen.${option}: ${fix}`);
    this.name = 'OptionError';
    this.option = option;
    this.given = given;
  }
}
