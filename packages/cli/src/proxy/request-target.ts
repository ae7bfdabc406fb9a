/** Where a request asks to go, as far as it may: a path at the one target. */
export interface RequestTarget {
  /** Path and query as they stood on the wire, or `*`. */
  readonly path: string;
  /** In absolute form the host stands here, and `Host` does not count (RFC 9112 section 3.2.2). */
  readonly authority: string | undefined;
}

/** `undefined` for what is no target of a request that goes on. */
export function readRequestTarget(method: string, url: string): RequestTarget | undefined {
  if (url.startsWith('/')) return { path: url, authority: undefined };
  if (url === '*') return method === 'OPTIONS' ? { path: url, authority: undefined } : undefined;
  const absolute = /^https?:\/\/([^/?#@\s]+)([/?].*)?$/i.exec(url);
  if (absolute === null) return undefined;
  const [, authority, rest = '/'] = absolute;
  return { path: rest.startsWith('/') ? rest : `/${rest}`, authority };
}

/** What routes go by: the path as it goes on, without the query. */
export function routedPath(method: string, url: string): string {
  const path = url.startsWith('/') ? url : (readRequestTarget(method, url)?.path ?? url);
  const query = path.indexOf('?');
  return query === -1 ? path : path.slice(0, query);
}

/** Only what a name or address with a port can be made of (RFC 9110 section 7.2). */
export function isHost(text: string): boolean {
  return /^[\w.~!$&'()*+,;=%-]*(:\d*)?$/.test(text) || /^\[[\da-f:.]+\](:\d*)?$/i.test(text);
}
