/** The bytes of a body as its reader wants them. */
export function joined(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** As `fetch` decodes (Encoding Standard, "UTF-8 decode"): without a byte order mark, whatever the charset. */
export function textOf(chunks: readonly Uint8Array[]): string {
  const [only] = chunks;
  return new TextDecoder().decode(chunks.length === 1 ? only : joined(chunks));
}
