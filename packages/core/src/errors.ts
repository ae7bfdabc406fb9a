/** What went wrong, for programs. The message says it for people, with the fix. */
export type HoldOpenErrorCode =
  /** An option has a wrong kind of value or one out of range. */
  | 'HOLDOPEN_INVALID_OPTION'
  /** An option of this name does not exist. */
  | 'HOLDOPEN_UNKNOWN_OPTION'
  /** Two options contradict each other. */
  | 'HOLDOPEN_CONFLICTING_OPTIONS'
  /** holdOpen was mounted in a way that cannot work. */
  | 'HOLDOPEN_WRONG_MOUNT'
  /** The client left before the answer was complete. */
  | 'HOLDOPEN_DISCONNECTED'
  /** The handler gave no sign of life for `maxSilenceMs`. */
  | 'HOLDOPEN_SILENCE'
  /** The server is shutting down and the response was ended by `drain()`. */
  | 'HOLDOPEN_DRAINED';

/** Structured facts about a {@link HoldOpenError}. */
export interface HoldOpenErrorDetails {
  /** The option that was wrong. */
  readonly option?: string;
  /** The value that was given. */
  readonly given?: unknown;
  /** The error behind this one. */
  readonly cause?: unknown;
}

/** The one error class of holdopen. */
export class HoldOpenError extends Error {
  override readonly name = 'HoldOpenError';
  readonly code: HoldOpenErrorCode;
  readonly option: string | undefined;
  readonly given: unknown;

  constructor(code: HoldOpenErrorCode, message: string, details: HoldOpenErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.option = details.option;
    this.given = details.given;
  }
}
