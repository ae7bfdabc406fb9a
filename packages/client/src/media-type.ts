export function isEventStream(contentType: string | null): boolean {
  return /^text\/event-stream\s*(?:;|$)/i.test(contentType ?? '');
}

/** One JSON document, in UTF-8. */
export function isJson(contentType: string | null): boolean {
  const text = contentType ?? '';
  const charset = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(text)?.[1] ?? 'utf-8';
  const isDocument = /^(?:application|text)\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(text);
  return isDocument && /^(?:utf-?8|us-ascii)$/i.test(charset);
}
