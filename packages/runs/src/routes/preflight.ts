import { corsHeaders } from '../cors.js';
import type { RunsSettings } from '../settings.js';
import { RUN_TOKEN_HEADER } from '../token.js';
import type { Place } from './place.js';

const DEFAULT_MAX_AGE_SECONDS = 600;
/** What clients of runs send beyond what needs no leave (Fetch Standard, section 2.2.2). */
const REQUEST_HEADERS = ['Authorization', 'Last-Event-ID', 'Prefer', RUN_TOKEN_HEADER];

export function methodsOf({ kind }: Place): readonly string[] {
  return kind === 'run' ? ['GET', 'HEAD', 'DELETE', 'OPTIONS'] : ['GET', 'HEAD', 'OPTIONS'];
}

/** Answers OPTIONS, a preflight of a page of another origin or not. Asks nobody: it tells nothing. */
export function preflight(request: Request, place: Place, settings: RunsSettings): Response {
  const { cors, keyHeader } = settings;
  const headers = corsHeaders(request, cors);
  const methods = methodsOf(place).join(', ');
  headers.set('Allow', methods);
  headers.set('Cache-Control', 'no-store');
  if (headers.has('access-control-allow-origin')) {
    const names = keyHeader === false ? REQUEST_HEADERS : [...REQUEST_HEADERS, keyHeader];
    headers.delete('access-control-expose-headers');
    headers.set('Access-Control-Allow-Methods', methods);
    headers.set('Access-Control-Allow-Headers', names.join(', '));
    const maxAge = cors?.maxAgeSeconds ?? DEFAULT_MAX_AGE_SECONDS;
    headers.set('Access-Control-Max-Age', String(maxAge));
  }
  return new Response(null, { status: 204, headers });
}
