import { toBase64Url } from '../bytes.js';
import { RunError } from '../errors.js';
import { canonicalJson } from './canonical-json.js';
import { withoutBoundaries } from './multipart.js';

/** What makes two requests under one key the same payload. */
export interface FingerprintFacts {
  readonly method: string;
  readonly path: string;
  /** With its `?`, or empty. */
  readonly query: string;
  /** The `Content-Type` as it was sent. */
  readonly contentType: string | undefined;
  readonly body:
    | { readonly kind: 'raw'; readonly bytes: Uint8Array }
    /** A parser came first; this is what it made. */
    | { readonly kind: 'parsed'; readonly value: unknown };
}

/**
 * SHA-256 over method, path, query, media type without its boundary, and body; base64url.
 * @throws RunError `invalid_option` for a parsed body that is no JSON
 */
export async function fingerprintOf(facts: FingerprintFacts): Promise<string> {
  const { method, path, query, contentType, body } = facts;
  const { type, boundary } = readMediaType(contentType ?? '');
  const bytes =
    body.kind === 'raw' ? withoutBoundaries(body.bytes, boundary) : parsedBody(body.value);
  const head = new TextEncoder().encode(
    `${JSON.stringify([method.toUpperCase(), path, query, type, body.kind])}\n`,
  );
  const all = new Uint8Array(head.length + bytes.length);
  all.set(head);
  all.set(bytes, head.length);
  return toBase64Url(new Uint8Array(await crypto.subtle.digest('SHA-256', all)));
}

function parsedBody(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  const text = value === undefined ? '' : canonicalJson(value);
  if (text !== undefined) return new TextEncoder().encode(text);
  throw new RunError(
    'invalid_option',
    'A parser made something of the body that is no JSON, so two payloads cannot be compared. Mount holdOpen before the parser, or give fingerprint: (request) => ….',
  );
}

/** Type and parameters in one spelling; the boundary of multipart apart, since each attempt has its own. */
function readMediaType(contentType: string): { type: string; boundary: string | undefined } {
  const [type = '', ...rest] = contentType.split(/;(?=(?:[^"]*"[^"]*")*[^"]*$)/);
  let boundary: string | undefined;
  const kept: string[] = [];
  for (const one of rest) {
    const [name = '', ...value] = one.split('=');
    const text = value
      .join('=')
      .trim()
      .replace(/^"(.*)"$/, '$1')
      .replace(/\\(.)/g, '$1');
    const lower = name.trim().toLowerCase();
    if (lower === 'boundary') boundary = text;
    else if (lower !== '') kept.push(`${lower}=${lower === 'charset' ? text.toLowerCase() : text}`);
  }
  return { type: [type.trim().toLowerCase(), ...kept.sort()].join(';'), boundary };
}
