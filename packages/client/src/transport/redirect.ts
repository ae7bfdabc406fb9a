import type { FetchInput } from '../fetch-types.js';
import { classify, Failure } from './failure.js';

const REDIRECTS = [301, 302, 303, 307, 308];
/** As many as the Fetch Standard allows. */
const MAX_REDIRECTS = 20;
/** What says nothing of who asks. All other headers stay with the origin that they were meant for. */
const OF_NOBODY =
  /^(?:accept(?:-language)?|content-(?:type|language|encoding)|user-agent|prefer|last-event-id|idempotency-key)$/;

/** What does the same however often it is sent: it does not matter where on its way it failed. */
const IS_SAFE = /^(?:GET|HEAD)$/i;

/**
 * `fetch`, whose redirects lead no credentials to another origin: of those the runtime's own keep back
 * `Authorization` and `Cookie` at most, and not `X-Api-Key`. And whose failures behind a redirect say
 * that the request has run: a place that refuses the connection is not the server that did the work. A
 * page cannot see where it is led; there the other origin must ask for such headers by CORS.
 */
export function fetchAtHome(
  fetch: typeof globalThis.fetch,
  input: FetchInput,
  init: RequestInit,
): Promise<Response> {
  const request = typeof input === 'object' && 'method' in input ? input : undefined;
  const given = init.headers ?? request?.headers;
  const isSafe = IS_SAFE.test(init.method ?? request?.method ?? 'GET');
  // Most requests say nothing of who asks, and to copy headers costs more than to look.
  if (given === undefined && isSafe) return fetch(input, init);
  const headers = new Headers(given);
  const isFollowed = (init.redirect ?? request?.redirect ?? 'follow') === 'follow';
  const isPage = (globalThis as { location?: unknown }).location !== undefined;
  if (!isFollowed || isPage || (isSafe && isOfNobody(headers))) return fetch(input, init);
  return follow(fetch, input, init, headers);
}

async function follow(
  fetch: typeof globalThis.fetch,
  input: FetchInput,
  init: RequestInit,
  ownHeaders: Headers,
): Promise<Response> {
  const request = typeof input === 'object' && 'method' in input ? input : undefined;
  let headers = ownHeaders;
  const spare = init.body == null && request?.body ? request.clone() : undefined;
  let method = (init.method ?? request?.method ?? 'GET').toUpperCase();
  let body = init.body;
  let response = await fetch(input, { ...init, redirect: 'manual' });
  let { url } = request ?? { url: String(input) };
  for (let count = 1; ; count += 1) {
    const target = response.headers.get('location');
    if (!REDIRECTS.includes(response.status) || target === null) break;
    if (count > MAX_REDIRECTS) throw new TypeError('too many redirects');
    const next = new URL(inUtf8(target), url);
    // A runtime's own fetch reads local files, when it is asked for them and not led to them.
    if (!/^https?:$/.test(next.protocol)) throw leadsAstray(next);
    const isPost = method === 'POST' && response.status < 303;
    if (isPost || (response.status === 303 && method !== 'HEAD')) {
      method = 'GET';
      body = null;
      for (const name of [...headers.keys()]) if (/^content-/.test(name)) headers.delete(name);
    } else if (spare !== undefined && count === 1) body = await spare.arrayBuffer();
    if (next.origin !== new URL(url).origin) headers = withoutCredentials(headers);
    await response.body?.cancel();
    url = next.href;
    const onward = { ...init, method, headers, body: body ?? null, redirect: 'manual' } as const;
    response = await fetch(url, onward).catch((error: unknown) => {
      // As if its head had come: the request was answered.
      throw classify(error, true) ?? error;
    });
    Object.defineProperty(response, 'redirected', { value: true, configurable: true });
  }
  return response;
}

/** A header is bytes, and addresses are written in UTF-8 (Fetch Standard, section 2.2.6). */
function inUtf8(target: string): string {
  return new TextDecoder().decode(Uint8Array.from(target, (byte) => byte.charCodeAt(0)));
}

function leadsAstray({ protocol }: URL): Failure {
  return new Failure('protocol', true, new TypeError(`a redirect to ${protocol} is not followed`));
}

function isOfNobody(headers: Headers): boolean {
  return [...headers.keys()].every((name) => OF_NOBODY.test(name));
}

function withoutCredentials(headers: Headers): Headers {
  return new Headers([...headers].filter(([name]) => OF_NOBODY.test(name)));
}
