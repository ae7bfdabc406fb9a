import { METHODS } from 'node:http';
import { ProxyOptionError } from './errors.js';

/** Which requests a route is for. */
export interface RoutePattern {
  /** `undefined`: every method. */
  readonly method: string | undefined;
  /** The path with its stars, for logs and metrics: `/v1/*` is one route and not a thousand. */
  readonly path: string;
  matches(method: string, path: string): boolean;
}

/**
 * Reads `POST /v1/*`. A star stands for any characters, slashes too; without a method, or with a star
 * for one, the route is for all. The path is compared without the query, as it stands on the wire.
 * @throws ProxyOptionError
 */
export function parseRoute(text: string): RoutePattern {
  const [first = '', second, ...more] = text.trim().split(/\s+/);
  const [method, path] = second === undefined ? ['*', first] : [first.toUpperCase(), second];
  if (more.length > 0 || !(path.startsWith('/') || path === '*')) {
    throw new ProxyOptionError(
      `route: ${JSON.stringify(text)} is no method and path. Write for example "POST /v1/*", or "/v1/*" for all methods.`,
    );
  }
  if (path.includes('?') || path.includes('#')) {
    throw new ProxyOptionError(
      `route: ${JSON.stringify(text)} holds a query, and routes go by the path alone. Leave it out.`,
    );
  }
  if (method !== '*' && !METHODS.includes(method)) {
    throw new ProxyOptionError(
      `route: ${JSON.stringify(text)} begins with ${method}, which is no method of HTTP. Write for example "POST ${path}".`,
    );
  }
  const parts = path.split('*');
  return {
    method: method === '*' ? undefined : method,
    path,
    matches: (asked, askedPath) =>
      (method === '*' || method === asked) && matchesParts(parts, askedPath),
  };
}

/** Each part is looked for once, from left to right, so that no path takes long. */
function matchesParts(parts: readonly string[], path: string): boolean {
  const first = parts[0] ?? '';
  if (parts.length === 1) return path === first;
  const last = parts[parts.length - 1] ?? '';
  if (!path.startsWith(first) || !path.endsWith(last)) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = path.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return at <= path.length - last.length;
}
