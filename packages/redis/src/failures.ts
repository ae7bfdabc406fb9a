import { RunError } from '@holdopen/runs';
import { ErrorReply } from 'redis';

/**
 * Answers of a server that has not done it, and may do it later: it starts, fails over, moves the
 * slot, is cut off from its replicas or cannot write its file.
 */
const TRANSIENT =
  /^-?(LOADING|READONLY|MOVED|ASK|TRYAGAIN|CLUSTERDOWN|CROSSSLOT|MASTERDOWN|NOREPLICAS|MISCONF|BUSY|UNBLOCKED)\b/;
/** Answers of a server that is not the one to talk to any more; another connection may find it. */
const WRONG_SERVER = /^-?(READONLY|MASTERDOWN|CLUSTERDOWN)\b/;
const FORBIDDEN = /^-?(NOPERM|NOAUTH|WRONGPASS)\b/;

export function unavailable(what: string, cause?: unknown): RunError {
  return new RunError('store_unavailable', `Redis ${what}.`, { cause });
}

/** What the contract says for a failure of the client or an answer of the server. */
export function toRunError(error: unknown): unknown {
  if (error instanceof RunError) return error;
  // Not the network: somebody gave what cannot be sent.
  if (error instanceof TypeError) return error;
  if (!isReply(error)) return unavailable(`is not reached: ${messageOf(error)}`, error);
  if (TRANSIENT.test(error.message)) {
    return unavailable(`does not do this now: ${error.message}`, error);
  }
  if (FORBIDDEN.test(error.message)) {
    return new RunError(
      'invalid_option',
      `Redis does not let the store in: ${error.message}. Give its user all commands that scripts use, for the keys and the channels of its prefix.`,
      { cause: error },
    );
  }
  return error;
}

/** The server has no memory left. Nothing was done. */
export function isOutOfMemory(error: unknown): boolean {
  return isReply(error) && /^-?OOM\b/.test(error.message);
}

export function isUnknownScript(error: unknown): boolean {
  return isReply(error) && /^-?NOSCRIPT\b/.test(error.message);
}

/** Whether a new connection may do better than this one. */
export function isLastWord(error: unknown): boolean {
  return !isReply(error) || WRONG_SERVER.test(error.message);
}

function isReply(error: unknown): error is Error {
  return error instanceof ErrorReply;
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // What Node throws when several addresses were tried has no message.
  if (error.message === '' && 'code' in error) return String(error.code);
  return error.message === '' ? error.name : error.message;
}
