import { RunError } from '../errors.js';

/** The longest key, in characters. All are ASCII. */
export const MAX_KEY_LENGTH = 255;

/** A key of which each character is escaped, its quotes, and room for parameters. */
const MAX_HEADER_LENGTH = 1_024;

const BARE = /^[\w-]{1,255}$/;
/** A string of RFC 9651 section 3.3.3, and parameters, which mean nothing here. */
const STRING = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"(?: *;[\x20-\x7e]*)?$/;

/**
 * The key that a header names: a structured-field string, as the draft of Idempotency-Key wants it, or
 * bare, as most clients send it. `"abc"` and `abc` are one key. `undefined` without the header.
 * @throws RunError `invalid_key`
 */
export function parseIdempotencyKey(header: string | null | undefined): string | undefined {
  if (header === null || header === undefined) return undefined;
  // Not with a regular expression, which would look for the end at each of many spaces.
  const text = header.trim();
  const isShort = text.length <= MAX_HEADER_LENGTH;
  if (isShort && BARE.test(text)) return text;
  const quoted = (isShort ? STRING.exec(text) : null)?.[1]?.replace(/\\(["\\])/g, '$1');
  if (quoted !== undefined && quoted.length >= 1 && quoted.length <= MAX_KEY_LENGTH) return quoted;
  throw new RunError(
    'invalid_key',
    `An idempotency key has 1 to ${MAX_KEY_LENGTH} characters, either bare of A-Z, a-z, 0-9, "_" and "-", or in double quotes: Idempotency-Key: "8e03978e-40d5-43dd-bc93-6894a57f9324". Send it once.`,
  );
}

/** The fewest bits that let a key be its holder's only proof, where use is anonymous. */
export const MIN_ANONYMOUS_KEY_BITS = 128;

/**
 * Whether a key is long enough to be a secret. By its length: 22 characters of base64url, 32 of hex or
 * 36 of a UUID have 128 bits (a UUID of version 4 has 122 and counts, being what clients have at hand).
 */
export function isSecretKey(key: string): boolean {
  const bitsPerCharacter = /^[0-9a-f-]+$/i.test(key) ? 4 : 6;
  const characters = key.replace(/-/g, '').length;
  // As many different characters as chance would give at the least: not "aaaa…".
  return characters * bitsPerCharacter >= MIN_ANONYMOUS_KEY_BITS && new Set(key).size >= 8;
}
