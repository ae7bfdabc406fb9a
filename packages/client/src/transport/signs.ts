import type { FailureKind } from './failure.js';

/** Each runtime has words of its own; the first line that fits counts. */
export const SIGNS: readonly (readonly [FailureKind, RegExp])[] = [
  ['dns', /ENOTFOUND|EAI_AGAIN|\bdns error|getaddrinfo/i],
  ['tls', /CERT|ERR_(?:TLS|SSL)|\bTLS\b|\bSSL\b|EPROTO\b|self.signed|InvalidContentType/i],
  // GOAWAY is none of these: which streams it spared, undici on Node 20 cannot say.
  ['refused', /ECONNREFUSED|\bconnect E|CONNECT_TIMEOUT|\(Connect\)|refused|Unable to connect/i],
  ['refused', /REFUSED_STREAM/],
  ['truncated', /CONTENT_LENGTH_MISMATCH|invalid EOF|unexpected (?:EOF|end of)/i],
  ['stalled', /ETIMEDOUT|(?:HEADERS|BODY)_TIMEOUT|timed out|TimeoutError/],
  [
    'protocol',
    /HPE_|HTTPParserError|scheme must be a HTTP|HEADERS_OVERFLOW|HeadersTooLarge|bad response|Invalid(?:HTTP|Content)|invalid .* parsed|PROTOCOL_ERROR|Z_(?:DATA|BUF)_ERROR|(?:Zlib|Brotli|Zstd)\w*Error|incorrect header check/,
  ],
  ['reset', /ECONNRESET|ECONNABORTED|EPIPE|connection reset/i],
  [
    'closed',
    /UND_ERR_SOCKET|closed|terminated|body from connection|ERR_HTTP2|GOAWAY|NGHTTP2|socket hang up|ended|stream error/i,
  ],
  [
    'network',
    /fail(?:ed)? to fetch|fetch failed|load failed|NetworkError|network (?:error|connection)|error in (?:input|body) stream|offline|pass .verbose: true/i,
  ],
];

/** What an error says of each. */
export const WORDS: Readonly<Record<FailureKind, string>> = {
  refused: 'no connection could be made',
  dns: 'the name of the host could not be resolved',
  tls: 'no secure connection could be made',
  reset: 'the connection was reset',
  closed: 'the connection was closed',
  stalled: 'nothing came any more',
  truncated: 'the answer ended incomplete',
  protocol: 'what came makes no sense',
  network: 'the network failed',
};

/** A handshake that failed: nothing of the request has left. */
const HANDSHAKE =
  /CERT|ALTNAME|self.signed|before secure|InvalidContentType|WRONG_VERSION|HANDSHAKE/i;

/** Whether it failed before any of the request was sent. */
export function neverLeft(kind: FailureKind, text: string): boolean {
  return kind === 'refused' || kind === 'dns' || (kind === 'tls' && HANDSHAKE.test(text));
}

/** Names, codes and messages of an error and of all behind it, without addresses and hosts, which say anything. */
export function wordsOf(error: unknown, depth = 0): string {
  if (typeof error !== 'object' || error === null || depth > 5) return '';
  const { name, code, message, cause, errors } = error as Record<string, unknown>;
  const own = [name, code, message].filter((word) => typeof word === 'string').join(' ');
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
  const plain = own.replace(/[\w+.-]+:\/\/[^\s")]*|(?<=ENOTFOUND|EAI_AGAIN) \S+/g, '');
  return [plain, wordsOf(cause, depth + 1), wordsOf(first, depth + 1)].join('\n');
}
