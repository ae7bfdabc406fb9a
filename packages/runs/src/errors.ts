/** What went wrong with a run, for programs; also the `code` of a problem object. */
export type RunErrorCode =
  /** The place that a watcher wants to go on from is not in the log: another epoch, or beyond the tail. */
  | 'cursor_lost'
  /** The run's owner is gone. */
  | 'lost'
  /** The run was made by another process, and the memory store cannot reach it. */
  | 'run_elsewhere'
  /** No such run: never started, expired, or another's. */
  | 'not_found'
  /** The run's data was removed on request. */
  | 'purged'
  /** The log is larger than `maxLogBytes`. */
  | 'log_full'
  /** One event or chunk is larger than `maxEntryBytes`. */
  | 'entry_too_large'
  /** The handler gave no sign of life for `maxSilenceMs`. */
  | 'silent_too_long'
  /** The store answers nothing right now; transient. A write may or may not have happened. */
  | 'store_unavailable'
  /** The store answered nothing for `storeAwayMs`. */
  | 'store_away'
  /** The store has no room for another run. */
  | 'store_full'
  /** The log in the store is shorter than what it had acknowledged: it lost writes. */
  | 'store_rolled_back'
  /** Another owner holds the run, or the lease is over. */
  | 'lease_lost'
  /** The process shut down before the work was done. */
  | 'drained'
  /** The key was claimed and given back, and no work was begun. */
  | 'not_started'
  /** Somebody asked for the run to be cancelled. */
  | 'cancelled'
  /** An idempotency key is neither a structured-field string nor a bare key. */
  | 'invalid_key'
  /** A run token is forged, expired, revoked, or of another run. */
  | 'invalid_token'
  /** The codec did not seal what was to be stored. */
  | 'seal_failed'
  /** Bytes in the log cannot be read. */
  | 'corrupt_entry'
  /** `authorize` refused, or does so now. */
  | 'forbidden'
  /** `authorize` gave an empty principal. */
  | 'empty_principal'
  /** An option has a wrong kind of value or one out of range. */
  | 'invalid_option';

/** Structured facts about a {@link RunError}. */
export interface RunErrorDetails {
  /** The run that it is about. */
  readonly run?: string;
  /** The value that was given. */
  readonly given?: unknown;
  /** The error behind this one. */
  readonly cause?: unknown;
}

/** Every failure of a run. The message says what was wrong and what to do. */
export class RunError extends Error {
  override readonly name = 'RunError';
  readonly code: RunErrorCode;
  readonly run: string | undefined;
  readonly given: unknown;

  constructor(code: RunErrorCode, message: string, details: RunErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.run = details.run;
    this.given = details.given;
  }
}

/** Whether an error of a store is one that a later attempt may not meet. */
export function isTransient(error: unknown): boolean {
  return error instanceof RunError && error.code === 'store_unavailable';
}

/**
 * The same for an owner, whose work is worth more patience: an error that the store has no name for may be
 * gone the next time.
 */
export function mayPass(error: unknown): boolean {
  return isTransient(error) || !(error instanceof RunError);
}
