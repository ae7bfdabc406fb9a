/** What `DecompressionStream` may know; a runtime that does not know it throws. */
const FORMATS: Readonly<Record<string, string>> = {
  gzip: 'gzip',
  'x-gzip': 'gzip',
  deflate: 'deflate',
  br: 'brotli',
};

/**
 * The body in the clear: each watcher has its own connection, with codings of its own. Handlers are
 * asked for that, but some pass on what another server had encoded.
 * @throws if the coding cannot be undone
 */
export function clearBody(response: Response): ReadableStream<Uint8Array> | null {
  const codings = (response.headers.get('content-encoding') ?? '')
    .split(',')
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== '' && coding !== 'identity');
  let body: ReadableStream<Uint8Array> | null = response.body;
  for (const coding of codings.reverse()) {
    const format = FORMATS[coding];
    if (format === undefined) throw new TypeError(`The answer has the unknown coding ${coding}.`);
    body = body?.pipeThrough(decompression(format)) ?? null;
  }
  return body;
}

interface Decompression {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

function decompression(format: string): Decompression {
  // Newer runtimes know more formats than the types do.
  return Reflect.construct(DecompressionStream, [format]);
}
