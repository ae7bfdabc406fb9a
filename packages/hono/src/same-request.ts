/** What is compared of the request around. */
export interface OuterRequest {
  /** Absolute, or the path alone. */
  readonly url: string;
  header(name: string): string | undefined;
}

/** What every client sends, and what a handler that makes a request of its own leaves out. */
const TELLING_HEADERS = ['host', 'user-agent', 'accept', 'content-type', 'authorization', 'cookie'];

/**
 * Whether it is the outer request again, and not another one that its handler makes. `app.mount()`
 * gives the mounted app a copy without the prefix of its path; middleware such as `bodyLimit` or
 * `methodOverride` puts a copy in its place.
 */
export function isSameRequest(inner: Request, outer: OuterRequest): boolean {
  const innerUrl = new URL(inner.url);
  const outerUrl = new URL(outer.url, innerUrl);
  if (innerUrl.search !== outerUrl.search) return false;
  const path = innerUrl.pathname === '/' ? '' : innerUrl.pathname;
  if (!outerUrl.pathname.endsWith(path)) return false;
  return TELLING_HEADERS.every(
    (name) => (inner.headers.get(name) ?? undefined) === outer.header(name),
  );
}
