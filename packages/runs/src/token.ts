import { fromBase64Url, toBase64Url } from './bytes.js';
import { RunError } from './errors.js';
import { isRunId, type RunSecret } from './run-id.js';
import { type Random, systemRandom } from './timers.js';

/** The header that a run token travels in. Never in a URL: those are logged and sent as referrers. */
export const RUN_TOKEN_HEADER = 'HoldOpen-Run';
/** Longer than any token that we make. */
const MAX_TOKEN_LENGTH = 1_024;
const VERSION = 'hr1';

/** What a token can allow. Never `start`: a token speaks of a run that there is. */
export type TokenAction = 'attach' | 'read' | 'cancel';
const ACTIONS: readonly TokenAction[] = ['attach', 'read', 'cancel'];

/** What a token says. `authorize` is given it and decides. */
export interface RunToken {
  readonly run: string;
  readonly actions: readonly TokenAction[];
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  /** Names the token, to revoke it. */
  readonly id: string;
}

export interface TokenRequest {
  readonly run: string;
  /** @default ['attach', 'read'] */
  readonly actions?: readonly TokenAction[] | undefined;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

export interface TokenCheck {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Says that a token counts no more. If it throws, the token does not count. */
  readonly isRevoked?: ((token: RunToken) => boolean | Promise<boolean>) | undefined;
}

/** Signs a token: whoever shows it may do these things with this run, if `authorize` agrees. */
export async function signRunToken(
  secret: RunSecret,
  { run, actions = ['attach', 'read'], expiresAt }: TokenRequest,
  random: Random = systemRandom,
): Promise<string> {
  if (!isRunId(run) || !Number.isSafeInteger(expiresAt) || !areActions(actions)) {
    throw new RunError(
      'invalid_token',
      `A token needs the id of a run, expiresAt in whole milliseconds since 1970, and actions out of ${ACTIONS.join(', ')}.`,
      { given: { run, actions, expiresAt } },
    );
  }
  const payload = JSON.stringify({ run, actions, expiresAt, id: toBase64Url(random(12)) });
  const text = `${VERSION}.${toBase64Url(new TextEncoder().encode(payload))}`;
  const mac = await crypto.subtle.sign('HMAC', secret, signedBytes(text));
  return `${text}.${toBase64Url(new Uint8Array(mac))}`;
}

/**
 * What a token says, if it is ours and still counts.
 * @throws RunError `invalid_token`, without saying which of it was wrong
 */
export async function verifyRunToken(
  secret: RunSecret,
  text: string,
  { now, isRevoked }: TokenCheck,
): Promise<RunToken> {
  const token = await readSigned(secret, text);
  if (token === undefined || token.expiresAt <= now) throw invalid();
  let revoked = true;
  try {
    revoked = (await isRevoked?.(token)) ?? false;
  } catch (cause) {
    throw invalid(cause);
  }
  if (revoked) throw invalid();
  return token;
}

async function readSigned(secret: RunSecret, text: string): Promise<RunToken | undefined> {
  if (text.length > MAX_TOKEN_LENGTH) return undefined;
  const match = /^(hr1\.([\w-]+))\.([\w-]{43})$/.exec(text);
  if (match === null) return undefined;
  const [, signed = '', payload = '', signature = ''] = match;
  const mac = fromBase64Url(signature);
  // Verify before anything is parsed; Web Crypto compares in constant time.
  if (
    mac === undefined ||
    !(await crypto.subtle.verify('HMAC', secret, mac, signedBytes(signed)))
  ) {
    return undefined;
  }
  const bytes = fromBase64Url(payload);
  return bytes === undefined ? undefined : parsePayload(new TextDecoder().decode(bytes));
}

function parsePayload(text: string): RunToken | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { run, actions, expiresAt, id } = value as Record<string, unknown>;
  if (typeof run !== 'string' || !isRunId(run) || typeof id !== 'string') return undefined;
  if (typeof expiresAt !== 'number' || !areActions(actions)) return undefined;
  return { run, actions, expiresAt, id };
}

function areActions(value: unknown): value is readonly TokenAction[] {
  return Array.isArray(value) && value.every((one) => ACTIONS.includes(one as TokenAction));
}

/** Apart from what the same secret signs for run ids. */
function signedBytes(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`token\n${text}`);
}

function invalid(cause?: unknown): RunError {
  return new RunError(
    'invalid_token',
    `The token in ${RUN_TOKEN_HEADER} does not count: it is forged, expired or revoked. Ask for a new one.`,
    { cause },
  );
}
