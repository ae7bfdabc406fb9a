/** What the engine can decode when an answer comes late under a head that names no coding. */
const DECODABLE: ReadonlySet<string> = new Set(['gzip', 'x-gzip', 'deflate', 'br', 'identity']);

/**
 * Asks the server behind for codings that can still be undone, should its answer come late. A client
 * of events gets them plain, for nothing can be put into the gaps of an encoded stream. An answer in
 * time passes as it comes.
 */
export function decodableOnly(acceptEncoding: string, accept: string | undefined): string {
  if (accept?.toLowerCase().includes('text/event-stream') === true) return 'identity';
  const kept = acceptEncoding
    .split(',')
    .map((element) => element.trim())
    .filter((element) => DECODABLE.has((element.split(';', 1)[0] ?? '').trim().toLowerCase()));
  return kept.length === 0 ? 'identity' : kept.join(', ');
}
