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

/** Hides what is not for a log from whatever prints an error. */
function hide(error: HoldOpenError, secrets: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(secrets))
    Object.defineProperty(error, name, { value, writable: true, configurable: true });
}

/** Every failure that the client tells. Catch it by `instanceof`, tell the kinds apart by `code`. */
export class HoldOpenError extends Error {
  declare readonly code: HoldOpenErrorCode;
  declare readonly method: string | undefined;
  /** Not enumerable, so that it is not printed: its query may hold what is not for a log. */
  declare readonly url: string | undefined;
  declare readonly attempts: number;
  declare readonly bytes: number | undefined;
  declare readonly silenceMs: number | undefined;
  declare readonly run: RunStatus | undefined;
  declare readonly cursor: string | undefined;
  /** Not enumerable either: where runs are anonymous, whoever knows it gets at the work. */
  declare readonly idempotencyKey: string | undefined;

  constructor(
    code: HoldOpenErrorCode,
    message: string,
    { cause, url, idempotencyKey, ...facts }: HoldOpenErrorFacts = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    Object.assign(this, { name: 'HoldOpenError', code, attempts: 0 }, facts);
    hide(this, { url, idempotencyKey });
  }
}

/** The exchange failed. */
export class TransportError extends HoldOpenError {
  declare readonly failure: FailureKind;
  /** Whether the server may have begun to work on the request. */
  declare readonly mayHaveRun: boolean;

  constructor(
    failure: FailureKind,
    mayHaveRun: boolean,
    message: string,
    facts: HoldOpenErrorFacts,
  ) {
    super(`HOLDOPEN_${failure.toUpperCase() as Uppercase<FailureKind>}`, message, facts);
    Object.assign(this, { name: 'TransportError', failure, mayHaveRun });
  }
}

/** The server told a failure: by its status, in an event, or of a run. */
export class AnswerError extends HoldOpenError {
  /** The true status. */
  declare readonly status: number | undefined;
  /** What the server said of it, if that was a JSON object. */
  declare readonly problem: Problem | undefined;

  constructor(
    code: HoldOpenErrorCode,
    message: string,
    facts: HoldOpenErrorFacts,
    status?: number,
    problem?: Problem,
  ) {
    super(code, message, facts);
    Object.assign(this, { name: 'AnswerError', status, problem });
  }
}

/** An option that cannot be meant so. Thrown at once, before anything is sent. */
export class OptionError extends HoldOpenError {
  declare readonly option: string;
  /** Not enumerable: it may be a key. */
  declare readonly given: unknown;

  constructor(option: string, given: unknown, fix: string) {
    super('HOLDOPEN_INVALID_OPTION', `holdOpen.${option}: ${fix}`);
    Object.assign(this, { name: 'OptionError', option });
    hide(this, { given });
  }
}
