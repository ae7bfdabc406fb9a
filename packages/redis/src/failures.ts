import { RunError } from '@holdopen/runs';
import { ErrorReply } from 'redis';

/**
 * What an error reply of a server says:
 * - `later`: it did nothing, and may do it the next time.
 * - `forbidden`: it does not let this user in, or not to this.
 * - `unfit`: it is set up otherwise than the store needs.
 * - `full`: it has no memory.
 * - `unknownScript`: it wants the text.
 * - `fault`: the command is wrong, or something else is under its key; it will be so the next time.
 */
export type ReplyKind = 'later' | 'forbidden' | 'unfit' | 'full' | 'unknownScript' | 'fault';

/**
 * The first that fits. What is not here passes: a server that starts, fails over, moves a slot, is cut off
 * from its replicas, cannot write its file, is at its limit of clients or runs another's script, and
 * whatever a proxy or a newer server makes up. An owner loses hours of work if that is taken for final.
 */
const KINDS: readonly (readonly [RegExp, ReplyKind])[] = [
  [/^OOM\b/, 'full'],
  [/^NOSCRIPT\b/, 'unknownScript'],
  [/^(?:NOAUTH|WRONGPASS|NOPERM|DENIED)\b/, 'forbidden'],
  [/^ERR (?:AUTH <password> called|Client sent AUTH|operation not permitted)/, 'forbidden'],
  // Before 7.2 a script says so in these words.
  [/^ERR The user executing the script can't/, 'forbidden'],
  [/^NOPROTO\b/, 'unfit'],
  [/^ERR (?:unknown command|Unknown Redis command|DB index is out of range)/, 'unfit'],
  [/^ERR (?:SELECT is not allowed|This instance has cluster support disabled)/, 'unfit'],
  // A script that did not write yet, and one that met a slot on its way to another server.
  [/^ERR .*(?:SCRIPT KILL|non local key)/, 'later'],
  [/^(?:WRONGTYPE|CROSSSLOT)\b/, 'fault'],
  [/^ERR (?:.*@user_script:|user_script:|Error compiling script|Unexpected flag)/, 'fault'],
  [/^ERR (?:wrong number of arg|value is not|Number of keys|syntax error)/i, 'fault'],
];

/** Answers of a server that is not the one to talk to any more; another connection may find it. */
const WRONG_SERVER = /^-?(READONLY|MASTERDOWN|CLUSTERDOWN|NOAUTH)\b/;

export function kindOfReply(message: string): ReplyKind {
  const text = message.replace(/^-/, '');
  return KINDS.find(([pattern]) => pattern.test(text))?.[1] ?? 'later';
}

export function unavailable(what: string, cause?: unknown): RunError {
  return new RunError('store_unavailable', `Redis ${what}.`, { cause });
}

/** What the contract says for a failure of the client or an answer of the server. */
export function toRunError(error: unknown): unknown {
  if (error instanceof RunError) return error;
  // Not the network: somebody gave what cannot be sent.
  if (error instanceof TypeError) return error;
  if (!isReply(error)) return unavailable(`is not reached: ${messageOf(error)}`, error);
  const { message } = error;
  switch (kindOfReply(message)) {
    case 'later':
      return unavailable(`does not do this now: ${message}`, error);
    case 'forbidden':
      return new RunError(
        'invalid_option',
        `Redis does not let the store in: ${message}. Give its user all commands that scripts use, for the keys and the channels of its prefix.`,
        { cause: error },
      );
    case 'unfit':
      return new RunError(
        'invalid_option',
        `This server is not set up as the store needs it: ${message}. It must be Redis 7 or Valkey, with scripts and the database of the URL; give a cluster as { cluster: { rootNodes: [{ url }] } }, and only a cluster.`,
        { cause: error },
      );
    default:
      return error;
  }
}

/**
 * The same for a server that had done what it was told: somebody is changing its password, its users or
 * its settings, or a failover led to another. That may pass, and running work must not end by it.
 */
export function ofServerThatWorked(error: unknown): unknown {
  if (!(error instanceof RunError) || error.code !== 'invalid_option') return error;
  return new RunError('store_unavailable', error.message, { cause: error });
}

/** The server has no memory left. Nothing was done. */
export function isOutOfMemory(error: unknown): boolean {
  return isReply(error) && kindOfReply(error.message) === 'full';
}

export function isUnknownScript(error: unknown): boolean {
  return isReply(error) && kindOfReply(error.message) === 'unknownScript';
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
