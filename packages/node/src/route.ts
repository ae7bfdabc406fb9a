import type { IncomingMessage } from 'node:http';

/** Names the route in warnings: by the pattern that a framework gives or Express keeps, or by path. */
export function routeOf(request: IncomingMessage, pattern: string | undefined): string {
  const { method = 'GET', url } = request;
  if (pattern !== undefined) return `${method} ${pattern}`;
  const { route, baseUrl } = request as { route?: { path?: unknown }; baseUrl?: string };
  const path = typeof route?.path === 'string' ? (baseUrl ?? '') + route.path : undefined;
  return `${method} ${path ?? url?.split('?', 1)[0] ?? '/'}`;
}
