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
  const raw = body.kind === 'raw' ? body.bytes : parsedBody(body.value);
  const { bytes, places } =
    body.kind === 'raw' && boundary !== undefined
      ? withoutBoundaries(raw, boundary)
      : { bytes: raw, places: [] };
  const head = new TextEncoder().encode(
    `${JSON.stringify([method.toUpperCase(), path, query, type, body.kind, places])}\n`,
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

/** Type and parameters in one spelling; the boundary apart, since each attempt has its own. */
function readMediaType(contentType: string): { type: string; boundary: string | undefined } {
  const [type = ''] = contentType.split(';', 1);
  let boundary: string | undefined;
  const kept: string[] = [];
  const parameters = contentType.slice(type.length);
  for (const match of parameters.matchAll(/;[ \t]*([^\s=;"]+)=("(?:[^"\\]|\\.)*"|[^;]*)/g)) {
    const [, name = '', value = ''] = match;
    const lower = name.toLowerCase();
    const text = value
      .trim()
      .replace(/^"(.*)"$/, '$1')
      .replace(/\\(.)/g, '$1');
    if (lower === 'boundary') boundary = text;
    else kept.push(`${lower}=${lower === 'charset' ? text.toLowerCase() : text}`);
  }
  const essence = type.trim().toLowerCase();
  return {
    type: [essence, ...kept.sort()].join(';'),
    boundary: essence.startsWith('multipart/') && boundary !== '' ? boundary : undefined,
  };
}
