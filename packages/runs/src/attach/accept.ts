/** Whether an `Accept` takes this media type (RFC 9110 section 12.5.1). */
export function accepts(accept: string | null, contentType: string | null): boolean {
  if (accept === null || accept.trim() === '' || contentType === null) return true;
  const type = essenceOf(contentType);
  let best = { precision: -1, q: 0 };
  for (const range of accept.split(',')) {
    const precision = precisionOf(essenceOf(range), type);
    const q = qualityOf(range);
    // The most precise range counts; of two that are alike the kinder one.
    const isBetter = precision > best.precision || (precision === best.precision && q > best.q);
    if (precision >= 0 && isBetter) best = { precision, q };
  }
  return best.q > 0;
}

/** How closely a range names the type; -1 if it does not. */
function precisionOf(range: string, type: string): number {
  if (range === '*/*') return 0;
  if (range.endsWith('/*')) return type.startsWith(range.slice(0, -1)) ? 1 : -1;
  if (range === type) return 3;
  // Who takes JSON takes what is JSON: application/vnd.api+json.
  const suffix = /\+(\w+)$/.exec(type)?.[1];
  return suffix !== undefined && range === `application/${suffix}` ? 2 : -1;
}

function qualityOf(range: string): number {
  const given = /;\s*q=([\d.]+)/i.exec(range)?.[1];
  return given === undefined ? 1 : Number(given);
}

function essenceOf(text: string): string {
  return (text.split(';', 1)[0] ?? '').trim().toLowerCase();
}

/** JSON of any kind that is one document. */
export function isJson(contentType: string): boolean {
  return /^application\/(?:json|.*\+json)$/.test(essenceOf(contentType));
}

export function isEventStream(contentType: string | null): boolean {
  return contentType !== null && essenceOf(contentType) === 'text/event-stream';
}
