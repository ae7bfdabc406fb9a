import { toBase64Url } from './bytes.js';
import { RunError } from './errors.js';
import type { Random } from './timers.js';

/** Characters of a run id that come from the key: 128 bits. All data of a run lies under them. */
const SLOT_LENGTH = 22;
/** Characters of a run id that are random: 64 bits. */
const RANDOM_LENGTH = 11;
const RUN_ID = /^[\w-]{33}[A-Za-z0-9]{0,16}$/;

/** What makes two requests the same run. */
export interface RunIdentity {
  /** Whoever `authorize` said it is; never empty. */
  readonly principal: string;
  readonly route: string;
  /** The idempotency key, or random text where the request has none. */
  readonly key: string;
}

/** What run ids and run tokens are signed with. */
export type RunSecret = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** A key for HMAC-SHA-256, made once for a process. At least 16 bytes, better 32. */
export async function importSecret(secret: Uint8Array | string): Promise<RunSecret> {
  const bytes = new Uint8Array(
    typeof secret === 'string' ? new TextEncoder().encode(secret) : secret,
  );
  if (bytes.length < 16) {
    throw new RunError(
      'invalid_option',
      `The secret of runs must have at least 16 bytes; it had ${bytes.length}. Make one with: openssl rand -base64 32.`,
    );
  }
  return crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, [
    'sign',
    'verify',
  ]);
}

/**
 * The place of a key in the store: nobody can guess it, and the same key of two principals or two
 * routes never meets.
 * @throws RunError `empty_principal`
 */
export async function slotOf(secret: RunSecret, identity: RunIdentity): Promise<string> {
  if (identity.principal === '') {
    throw new RunError(
      'empty_principal',
      'authorize gave an empty principal, so that all such callers would share their runs. Give whoever the request is from, or refuse it.',
    );
  }
  // JSON keeps the three apart whatever they contain.
  const text = JSON.stringify(['run', identity.principal, identity.route, identity.key]);
  const mac = await crypto.subtle.sign('HMAC', secret, new TextEncoder().encode(text));
  return toBase64Url(new Uint8Array(mac, 0, 16));
}

/** A new run's id: slot, randomness, and the instance where the store is of one process. */
export function newRunId(slot: string, random: Random, instance = ''): string {
  return slot + toBase64Url(random(8)).slice(0, RANDOM_LENGTH) + instance;
}

export function isRunId(text: string): boolean {
  return RUN_ID.test(text);
}

/** The part of a run id that all its data lies under. */
export function slotOfRun(run: string): string {
  return run.slice(0, SLOT_LENGTH);
}

/** The process that made the id; empty if any process can reach the run. */
export function instanceOfRun(run: string): string {
  return run.slice(SLOT_LENGTH + RANDOM_LENGTH);
}

/** Names one start of a run. Random, so that no epoch comes again after the store was rolled back. */
export function newEpoch(random: Random): string {
  return toBase64Url(random(8));
}
