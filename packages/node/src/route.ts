import type { IncomingMessage } from 'node:http';
import { patternOf } from './pattern.js';

/** Names the route in warnings: by its pattern, where there is one, or by path. */
export function routeOf(request: IncomingMessage, given: string | undefined): string {
  const { method = 'GET', url } = request;
  return `${method} ${patternOf(request, given) ?? url?.split('?', 1)[0] ?? '/'}`;
}
