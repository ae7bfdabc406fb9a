import { corsHeaders } from '../cors.js';
import type { RunsSettings } from '../settings.js';

/**
 * Whether a page of another site may have sent this, with the cookies of whoever looks at it. Only for
 * what changes something: browsers say where such a request is from (Fetch Standard, section 3.2), and
 * clients that are none need not.
 */
export function isCrossSite(request: Request, { cors }: Pick<RunsSettings, 'cors'>): boolean {
  const origin = request.headers.get('origin');
  const site = request.headers.get('sec-fetch-site');
  // No page can forge it, and no proxy changes it, as many do with the host.
  if (site === 'same-origin' || site === 'none') return false;
  if (origin === null) return site !== null;
  if (corsHeaders(request, cors).get('access-control-allow-origin') === origin) return false;
  const host = request.headers.get('host') ?? new URL(request.url).host;
  return !URL.canParse(origin) || new URL(origin).host !== host;
}
