/** What Node's servers give of a request, over HTTP/1 and the compatibility API of HTTP/2. */
export interface IncomingFacts {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** Of frameworks that shorten `url` where something is mounted. */
  readonly originalUrl?: string | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly socket?: object | null;
}

const incoming = new WeakMap<Request, IncomingFacts>();

/**
 * For adapters: the web's request of what a Node server was asked.
 * @throws TypeError for what no Request can be, such as TRACE or a path that is none.
 */
export function requestOfIncoming(asked: IncomingFacts, init: RequestInit): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(asked.headers)) {
    if (value === undefined || name.startsWith(':')) continue;
    headers.set(name, typeof value === 'string' ? value : value.join(', '));
  }
  const { encrypted } = (asked.socket ?? {}) as { encrypted?: boolean };
  const scheme = encrypted === true ? 'https' : 'http';
  const host = asked.headers.host ?? asked.headers[':authority'] ?? 'localhost';
  const url = new URL(asked.originalUrl ?? asked.url ?? '/', `${scheme}://${String(host)}`);
  const request = new Request(url, { method: asked.method ?? 'GET', headers, ...init });
  incoming.set(request, asked);
  return request;
}

/**
 * Node's own request behind one of the web's, where an adapter has made that of it: for an `authorize`
 * that asks what the application's login has left there.
 * @example
 * authorize: (request) => incomingOf(request)?.user?.id
 */
export function incomingOf(request: Request): IncomingFacts | undefined {
  return incoming.get(request);
}

/** For who makes another Request of one: it is of the same request of Node's. */
export function keepIncoming(of: Request, copy: Request): void {
  const asked = incoming.get(of);
  if (asked !== undefined) incoming.set(copy, asked);
}
