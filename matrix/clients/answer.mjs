// What every client in JavaScript has in common: `program URL MODE TIMEOUT_MS`, and one line of JSON on stdout.
import process from 'node:process';

/**
 * @typedef {object} Asked
 * @property {string} url
 * @property {'json' | 'events'} mode
 * @property {number} timeoutMs the time-out for silence, where the client has one
 *
 * @typedef {object} Answer
 * @property {number} [status] the status that the caller saw
 * @property {unknown} [got] what the caller got as a document
 * @property {string} [text] a stream's bytes, for a client that has no parser for them
 * @property {unknown[]} [events] a stream's events, one by one
 * @property {string} [error] what the caller was told instead
 */

/** @param {(asked: Asked, answer: Answer) => Promise<void>} call fills in the answer as it comes */
export async function answer(call) {
  const [url = '', mode, timeout] = process.argv.slice(2);
  /** @type {Answer} */
  const got = {};
  try {
    await call(
      { url, mode: mode === 'events' ? 'events' : 'json', timeoutMs: Number(timeout) },
      got,
    );
  } catch (error) {
    got.error = words(error);
  }
  process.stdout.write(`${JSON.stringify(got)}\n`, () => process.exit(0));
}

/** @param {unknown} error */
export function words(error) {
  if (!(error instanceof Error)) return JSON.stringify(error) ?? String(error);
  const cause = error.cause instanceof Error ? error.cause : undefined;
  const code = cause && 'code' in cause ? cause.code : cause?.message;
  return `${error.name}: ${error.message}${code ? ` (${code})` : ''}`;
}
