import { readFileSync } from 'node:fs';
import type { Around } from './run-server.js';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

/** The headers that the README gives to the server of another origin, and no others. */
const README_CORS: readonly (readonly [name: string, value: string])[] = [
  ...readme.matchAll(/^(Access-Control-[\w-]+): (.*)$/gm),
].map(([, name = '', value = '']) => [name.toLowerCase(), value]);

/** What pages of `origin` may do. `hides`: a header that they may not see, though they should. */
export function corsHeaders(origin: string, hides?: string): [name: string, value: string][] {
  return README_CORS.map(([name, value]) => {
    if (name === 'access-control-allow-origin') return [name, origin];
    const names = value.split(', ').filter((one) => one !== hides);
    return [name, names.join(', ')];
  });
}

/** An application that lets pages of another origin in, as the README says. */
export function letsIn(origin: string, hides?: string): Around {
  return async (request, answer) => {
    const isPreflight = request.method === 'OPTIONS';
    const response = isPreflight ? new Response(null, { status: 204 }) : await answer();
    for (const [name, value] of corsHeaders(origin, hides)) response.headers.set(name, value);
    return response;
  };
}
