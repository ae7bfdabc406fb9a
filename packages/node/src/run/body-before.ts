import type { IncomingMessage } from 'node:http';
import { hasBody, wasRead } from './incoming-body.js';

/** What came of a body that was read before holdOpen saw its request. */
export interface BodyBefore {
  /** As its parser made it. */
  readonly value: unknown;
  /** That says nothing of the bytes: two payloads would look alike. */
  readonly isLost: boolean;
}

/** `undefined` if nobody has read it. A framework may keep what it made of the body elsewhere. */
export function bodyBefore(
  req: IncomingMessage & { readonly body?: unknown },
  given: unknown,
): BodyBefore | undefined {
  if (!hasBody(req) || !wasRead(req)) return undefined;
  const value = given ?? req.body;
  return { value, isLost: value === undefined || isUpload(req) };
}

/** A parser of uploads leaves the fields there and puts the files elsewhere. */
function isUpload({ headers }: IncomingMessage): boolean {
  return /^multipart\//i.test(headers['content-type'] ?? '');
}
