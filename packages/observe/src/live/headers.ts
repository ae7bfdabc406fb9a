/**
 * Everything is from here, and nothing is made of text: no inline script or style, no frames, and with
 * trusted types not even a way to have HTML parsed.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const HEADERS: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store, no-transform',
  'Content-Security-Policy': POLICY,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
};

export function pageHeaders(more: Readonly<Record<string, string>>): Headers {
  return new Headers({ ...HEADERS, ...more });
}

const REFUSALS = {
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
} as const;

/** What tells nothing; or the application's own answer, kept out of every cache. */
export function refusal(
  why: keyof typeof REFUSALS | Response,
  more: Readonly<Record<string, string>> = {},
): Response {
  if (typeof why === 'number') {
    const headers = pageHeaders({ 'Content-Type': 'text/plain; charset=utf-8', ...more });
    return new Response(`${REFUSALS[why]}\n`, { status: why, headers });
  }
  const headers = new Headers(why.headers);
  headers.set('Cache-Control', 'no-store');
  // A success would say that there is something to be seen.
  const status = why.status < 300 ? 403 : why.status;
  return new Response(why.body, { status, headers });
}
