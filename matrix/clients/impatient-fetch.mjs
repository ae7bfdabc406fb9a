// The fetch that is given to SDKs that have no time-out for silence of their own.
import { Agent, fetch } from 'undici';

/**
 * @param {number} timeoutMs
 * @returns {typeof globalThis.fetch}
 */
export function impatientFetch(timeoutMs) {
  const dispatcher = new Agent({ headersTimeout: timeoutMs, bodyTimeout: timeoutMs });
  /** @type {unknown} undici has types of its own for what is the same. */
  const impatient = (
    /** @type {Parameters<typeof fetch>[0]} */ url,
    /** @type {import('undici').RequestInit | undefined} */ init,
  ) => fetch(url, { ...init, dispatcher });
  return /** @type {typeof globalThis.fetch} */ (impatient);
}
