import { HIDDEN_AT_COMMIT, isHoldableMethod } from '@holdopen/core';

/** What route handlers of some frameworks get instead of the request itself, SvelteKit's above all. */
export interface RequestEvent {
  readonly request: Request;
}

/** The request in a handler's first argument, by its shape, for each realm has its own class. */
export function requestOf(first: unknown): Request | undefined {
  if (isRequest(first)) return first;
  if (typeof first !== 'object' || first === null) return undefined;
  const inner: unknown = Reflect.get(first, 'request');
  return isRequest(inner) ? inner : undefined;
}

function isRequest(value: unknown): value is Request {
  if (value instanceof Request) return true;
  if (typeof value !== 'object' || value === null) return false;
  const { method, headers } = value as { method?: unknown; headers?: { get?: unknown } };
  return typeof method === 'string' && typeof headers?.get === 'function';
}

/** Neither a method whose answer has no body nor a handshake. */
export function isHoldable(request: Request): boolean {
  return (
    isHoldableMethod(request.method) &&
    request.headers.get('upgrade')?.toLowerCase() !== 'websocket'
  );
}

/** Names the route in warnings. */
export function routeOf(request: Request): string {
  const { method, url } = request;
  return `${method} ${URL.canParse(url) ? new URL(url).pathname : url}`;
}

/**
 * So that no framework answers 304, 206 or gzip, which cannot follow a head that said 200 and plain
 * text.
 */
export function hideConditions(request: Request): void {
  try {
    hideIn(request.headers);
  } catch {
    // Deno's let nobody change them, so that the request gets a copy that may be.
    const copy = new Headers(request.headers);
    hideIn(copy);
    Reflect.defineProperty(request, 'headers', { configurable: true, value: copy });
  }
}

function hideIn(headers: Headers): void {
  for (const name of HIDDEN_AT_COMMIT) headers.delete(name);
  // Without the header every coding would be acceptable (RFC 9110 section 12.5.3).
  headers.set('accept-encoding', 'identity');
}

/** The page that asks is of another origin, so it sees only what is exposed to it. */
export function isForAnotherOrigin(request: Request): boolean {
  const origin = request.headers.get('origin');
  if (origin === null) return false;
  const host = request.headers.get('host') ?? hostOf(request.url);
  return hostOf(origin) !== host;
}

function hostOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).host : undefined;
}
