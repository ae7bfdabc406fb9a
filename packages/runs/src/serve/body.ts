import { RunError } from '../errors.js';

/** All of a request's body; `undefined` if it is larger than this. */
export async function readBody(
  request: Request,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (request.bodyUsed) throw bodyLost();
  if (isShort(request, maxBytes)) {
    const whole = new Uint8Array(await request.arrayBuffer());
    return whole.length <= maxBytes ? whole : undefined;
  }
  const { body } = request;
  if (body === null || body === undefined) return new Uint8Array();
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) {
    letGo(body);
    return undefined;
  }
  const reader = body.getReader();
  let whole = new Uint8Array(1_024);
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return whole.subarray(0, length);
    if (length + value.length > maxBytes) {
      letGo(reader);
      return undefined;
    }
    whole = withRoom(whole, length, length + value.length);
    whole.set(value, length);
    length += value.length;
  }
}

/** Not waited for: who holds a clone of the request would be waited for as well. */
function letGo(body: Pick<ReadableStream, 'cancel'>): void {
  body.cancel().catch(() => {});
}

/** Whether a server's parser has seen to it that the body is no longer than this. */
function isShort(request: Request, maxBytes: number): boolean {
  const { headers } = request;
  const length = headers.get('content-length');
  if (length === null || headers.has('transfer-encoding')) return false;
  return /^\d+$/.test(length) && Number(length) <= maxBytes && isOfServer(request);
}

/**
 * Whether it is no Request yet, but an object of `@hono/node-server` that makes one of itself, and a web
 * stream of the body, only when somebody wants these; which costs more than all the rest of reading it.
 * A Request that is one may be anybody's: one who decompresses bodies may have left the length as it was.
 */
function isOfServer(request: Request): boolean {
  const prototype: unknown = Object.getPrototypeOf(request);
  return prototype !== request.constructor.prototype;
}

/** Twice as large each time, so that a body of many chunks is copied but a few times. */
function withRoom(
  bytes: Uint8Array<ArrayBuffer>,
  used: number,
  needed: number,
): Uint8Array<ArrayBuffer> {
  if (needed <= bytes.length) return bytes;
  const larger = new Uint8Array(Math.max(needed, bytes.length * 2));
  larger.set(bytes.subarray(0, used));
  return larger;
}

/** Payloads that cannot be compared would let one key answer for another payload. */
export function bodyLost(): RunError {
  return new RunError(
    'invalid_option',
    'The body of a request with a key was read before holdOpen saw it, so that payloads cannot be compared. Mount holdOpen before whatever reads it (an upload parser, a check of signatures), or give the option fingerprint.',
  );
}
