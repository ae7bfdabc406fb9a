import { HELD_CACHE_CONTROL, HIDDEN_AT_COMMIT, type HoldHandle } from '@holdopen/core';
import type { Context } from 'hono';
import type { HonoHoldOpenOptions } from './options.js';

const { console } = globalThis;

/** No client has it, so that nothing is found unchanged. It never leaves: a late head has no ETag. */
const NOBODYS_ETAG = 'W/"held"';

/** What the option `headers` gives, in the form that it may have. */
type Given = NonNullable<HonoHoldOpenOptions['headers']>;

/**
 * For the head that is sent in the handler's place: what is set on the contexts, from the outermost,
 * and what the option `headers` gives.
 */
export function heldHeaders(
  contexts: Iterable<Context>,
  request: Request,
  give: Given | undefined,
): Headers {
  const headers = new Headers();
  for (const c of contexts) addHeaders(headers, headersOf(c));
  if (give === undefined) return headers;
  try {
    addHeaders(headers, givenHeaders(give, request));
  } catch (error) {
    console.error(`holdopen: ${request.method} ${request.url}: headers failed:`, error);
  }
  return headers;
}

function addHeaders(headers: Headers, more: Headers): void {
  for (const [name, value] of more) {
    if (name === 'set-cookie') headers.append(name, value);
    else headers.set(name, value);
  }
}

/**
 * A Response made of nothing has all headers that were set on the context; `c.res` would, too, but
 * asking for it changes what comes later. They may be the context's own, so look and do not touch.
 */
function headersOf(c: Context): Headers {
  return c.body(null, 200).headers;
}

function givenHeaders(give: Given, request: Request): Headers {
  const given: unknown = give(request);
  if (typeof given !== 'object' || given === null || given instanceof Promise) {
    if (given instanceof Promise) given.catch(() => {});
    throw new TypeError('it must give an object, pairs or Headers, at once');
  }
  return new Headers(given as ConstructorParameters<typeof Headers>[0]);
}

/** Headers are asked for just before it is decided whether the head leaves. */
export function onceHeld(hold: () => HoldHandle | undefined, callback: () => void): void {
  queueMicrotask(() => {
    if (hold()?.state === 'held') callback();
  });
}

/**
 * After the commit no 304 and no gzip can follow. `etag` has read its If-None-Match long before, so it
 * meets a tag that nobody has; `compress` stands aside where transforming is forbidden.
 */
export function standAside(c: Context): void {
  hideConditions(c.req.raw);
  try {
    // On the context's own response, for that wins over whatever the handler answers with.
    const { headers } = c.res;
    headers.set('Cache-Control', HELD_CACHE_CONTROL);
    headers.set('ETag', NOBODYS_ETAG);
  } catch {
    // The handler has answered with another server's response, whose headers cannot be changed.
  }
}

/** So that nobody who asks from now on answers 304, 206 or gzip. */
export function hideConditions(request: Request): void {
  try {
    for (const name of HIDDEN_AT_COMMIT) request.headers.delete(name);
  } catch {
    // Deno does not let the headers of a request be changed.
    const headers = new Headers(request.headers);
    for (const name of HIDDEN_AT_COMMIT) headers.delete(name);
    Object.defineProperty(request, 'headers', { configurable: true, value: headers });
  }
}
