import { type Refusal, refusal } from './refusal.js';

/** How long a request's body is said to be. */
export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly length: string }
  | { readonly kind: 'chunked' };

const NONE: Framing = { kind: 'none' };
const CHUNKED: Framing = { kind: 'chunked' };

/**
 * Two readers that disagree on where a request ends let one client speak in the name of the next
 * (RFC 9112 section 11.2). So there must be one way to read it: one length of digits alone, or
 * `chunked` and nothing else. Node's parser refuses most other shapes already; this does not rely on it.
 */
export function readFraming(
  lengths: readonly string[],
  encodings: readonly string[],
  isHttp10: boolean,
): Framing | Refusal {
  if (encodings.length > 0) {
    if (lengths.length > 0) {
      return refusal(
        400,
        'length_and_encoding',
        'Content-Length and Transfer-Encoding exclude each other.',
      );
    }
    if (isHttp10) {
      return refusal(400, 'encoding_in_http_1_0', 'HTTP/1.0 knows no Transfer-Encoding.');
    }
    if (encodings.length > 1 || encodings[0]?.toLowerCase() !== 'chunked') {
      return refusal(
        400,
        'transfer_encoding',
        'The only Transfer-Encoding that is taken is chunked.',
      );
    }
    return CHUNKED;
  }
  const [length] = lengths;
  if (length === undefined) return NONE;
  if (lengths.length > 1 || !/^\d{1,15}$/.test(length)) {
    return refusal(400, 'content_length', 'There must be one Content-Length, of digits alone.');
  }
  return { kind: 'length', length };
}
