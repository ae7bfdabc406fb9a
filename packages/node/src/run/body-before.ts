import type { IncomingMessage } from 'node:http';
import { hasBody, wasRead } from './incoming-body.js';

/** What came of a body that was read before holdOpen saw its request. */
export interface BodyBefore {
  /** As its parser made it. */
  readonly value: unknown;
  /** That says nothing of the bytes: two payloads would look alike. */
  readonly isLost: boolean;
}

type Parsed = IncomingMessage & {
  readonly body?: unknown;
  /** The mark of body-parser 1: what stands in `body` is what it read, and no mere default. */
  readonly _body?: unknown;
};

/** `undefined` if nobody has read it. A framework may keep what it made of the body elsewhere. */
export function bodyBefore(req: Parsed, given: unknown): BodyBefore | undefined {
  if (!hasBody(req) || !wasRead(req)) return undefined;
  const value = given === undefined ? req.body : given;
  return { value, isLost: isUpload(req) || (isEmpty(value) && !isOfBytes(value, req)) };
}

/** A parser of uploads leaves the fields there and puts the files elsewhere. */
function isUpload({ headers }: IncomingMessage): boolean {
  return /^multipart\//i.test(headers['content-type'] ?? '');
}

/**
 * What may stand there for any body: Express 4 leaves an empty object where no parser was for its type,
 * and whoever sends a body on to somewhere else has nothing to give.
 */
function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  if (typeof value !== 'object') return false;
  if (value instanceof Uint8Array) return value.length === 0;
  return Object.keys(value).length === 0;
}

/** White space around and within `{}`. */
const MAX_SPACE_BYTES = 4;

/** Whether the bytes were as empty as what came of them. */
function isOfBytes(value: unknown, { _body, headers }: Parsed): boolean {
  if (value === undefined) return false;
  if (_body === true) return true;
  const { 'content-length': length, 'transfer-encoding': coding, 'content-type': type } = headers;
  if (!IS_JSON.test(type ?? '')) return false;
  // What reads JSON gives nothing empty for what is not.
  if (length === undefined || coding !== undefined) return true;
  return Number(length) <= JSON.stringify(value).length + MAX_SPACE_BYTES;
}

const IS_JSON = /^application\/(?:[^;\s]+\+)?json\b/i;
