/** How long the server wants to be left alone (RFC 9110 section 10.2.3); `undefined` if it says nothing. */
export function retryAfterMs(headers: Headers, nowMs: number): number | undefined {
  // Some APIs say it in finer grain.
  const ms = headers.get('retry-after-ms');
  if (ms !== null && /^\d+(?:\.\d+)?$/.test(ms)) return Number(ms);
  const text = headers.get('retry-after') ?? '';
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text) * 1_000;
  const date = /[a-z]{3}/i.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}
