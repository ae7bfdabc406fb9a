import type { RequestFacts } from '@holdopen/fetch';
import type { Cursor } from '../cursor.js';
import { RunError } from '../errors.js';
import { parseIdempotencyKey } from '../idempotency/key.js';
import { type RunsSettings, WITHOUT_RUNS } from '../settings.js';
import { cursorOf, mayResume } from './last-event-id.js';

/** What a request wants of runs. */
export type Intent =
  /** Nothing: its handler answers it as ever. */
  | { readonly kind: 'plain' }
  /** To go on with the events of a run. */
  | { readonly kind: 'resume'; readonly cursor: Cursor }
  /** To have work done under a key, once. With a cursor it has been there before. */
  | { readonly kind: 'keyed'; readonly key: string; readonly cursor: Cursor | undefined }
  /** A key that is none. */
  | { readonly kind: 'invalid'; readonly error: RunError };

const PLAIN: Intent = { kind: 'plain' };

/** `false` only if {@link intentOf} would say `plain`. */
export function mayConcern(
  { method, url, header }: RequestFacts,
  { keyHeader, methods, key }: RunsSettings,
): boolean {
  if (WITHOUT_RUNS.has(method)) return false;
  if (key !== undefined) return true;
  if (keyHeader !== false && methods.has(method)) {
    if (header(keyHeader.toLowerCase()) !== undefined) return true;
  }
  return method === 'GET' && mayResume(header, url);
}

export function intentOf(request: Request, settings: RunsSettings): Intent {
  const { method } = request;
  if (WITHOUT_RUNS.has(method)) return PLAIN;
  try {
    const key = keyOf(request, settings);
    if (key !== undefined) return { kind: 'keyed', key, cursor: cursorOf(request) };
  } catch (error) {
    if (error instanceof RunError && error.code === 'invalid_key')
      return { kind: 'invalid', error };
    throw error;
  }
  const cursor = method === 'GET' ? cursorOf(request) : undefined;
  return cursor === undefined ? PLAIN : { kind: 'resume', cursor };
}

/** @throws RunError `invalid_key` */
function keyOf(request: Request, settings: RunsSettings): string | undefined {
  const { keyHeader, methods, key } = settings;
  const named =
    keyHeader !== false && methods.has(request.method)
      ? parseIdempotencyKey(request.headers.get(keyHeader))
      : undefined;
  if (named !== undefined) return named;
  const given: unknown = key?.(request);
  if (typeof given !== 'string' && given !== undefined && given !== null) {
    throw new RunError(
      'invalid_option',
      'The option key must give a text, or undefined for a request that is no run, and at once: a promise would be the same key for all.',
      { given },
    );
  }
  // An empty key would make one run of all requests.
  return given || undefined;
}
