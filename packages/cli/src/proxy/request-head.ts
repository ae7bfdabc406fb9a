import type { IncomingMessage } from 'node:http';
import { decodableOnly } from './accept-encoding.js';
import { addConnectionNames, HOP_BY_HOP, withoutNamed } from './fields.js';
import { addForwarded, type ForwardedBefore, isForwardedName, takeForwarded } from './forwarded.js';
import { type Framing, readFraming } from './framing.js';
import { isRefusal, type Refusal, refusal } from './refusal.js';
import { isHost, readRequestTarget } from './request-target.js';

/** The head of a request as it goes to the server behind. */
export interface RequestHead {
  readonly method: string;
  readonly path: string;
  /** Names and values by turns, as `http.request` takes them. */
  readonly fields: string[];
  readonly hasBody: boolean;
}

export interface HeadPolicy {
  readonly trustForwarded: boolean;
  /** The server behind gets its own name for `Host`, and the client's as `X-Forwarded-Host`. */
  readonly rewriteHost: boolean;
  /** The server's own name. */
  readonly authority: string;
}

/** What holding the answer asks of the request. */
export interface HeldRequest {
  /** A late 304 or 206 would answer a question that its client cannot see any more. */
  readonly unconditional: boolean;
}

const CONDITIONS: ReadonlySet<string> = new Set([
  'if-none-match',
  'if-modified-since',
  'range',
  'if-range',
]);

/** CGI and WSGI servers could take these for the real ones. */
const UNDERSCORED: ReadonlySet<string> = new Set(['content_length', 'transfer_encoding']);

/**
 * For all others Node would announce chunks. A server that knows none, such as Python's own, would leave
 * the empty one on the connection and take it for the next request.
 */
const WITHOUT_BODY: ReadonlySet<string> = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE']);

/** Reads the head that came and writes the one that goes on. */
export function requestHead(
  req: IncomingMessage,
  policy: HeadPolicy,
  held: HeldRequest | undefined,
): RequestHead | Refusal {
  const { method = 'GET', url = '/', rawHeaders } = req;
  const isHttp2 = req.httpVersionMajor === 2 && 'stream' in req;
  if (!isHttp2 && req.httpVersionMajor !== 1) {
    return refusal(505, 'http_version', 'This is HTTP/1.1 and HTTP/1.0; HTTP/2 is chosen by TLS.');
  }
  const target = readRequestTarget(method, url);
  if (target === undefined) {
    return refusal(400, 'request_target', 'The request target must be a path.');
  }

  let fields: string[] = [];
  const hosts: string[] = [];
  const lengths: string[] = [];
  const encodings: string[] = [];
  const before: ForwardedBefore = {};
  let authority = target.authority;
  let named: Set<string> | undefined;
  let via: string | undefined;
  let takesTrailers = false;
  let expects = false;
  let cookies: string | undefined;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    const value = rawHeaders[i + 1] ?? '';
    const lower = name.toLowerCase();
    switch (lower) {
      case 'host':
        hosts.push(value);
        continue;
      case ':authority':
        authority = value;
        continue;
      case 'content-length':
        lengths.push(value);
        continue;
      case 'transfer-encoding':
        encodings.push(value);
        continue;
      case 'connection':
        named = addConnectionNames(value, named);
        continue;
      case 'te':
        takesTrailers ||= /(^|,)\s*trailers\s*(,|;|$)/i.test(value);
        continue;
      case 'expect':
        expects = value.toLowerCase() === '100-continue';
        continue;
      case 'via':
        via = via === undefined ? value : `${via}, ${value}`;
        continue;
      case 'cookie':
        // HTTP/2 takes cookies apart, and HTTP/1.1 has one field (RFC 9113 section 8.2.3).
        cookies = cookies === undefined ? value : `${cookies}; ${value}`;
        continue;
      case 'accept-encoding':
        fields.push(name, held === undefined ? value : decodableOnly(value, req.headers.accept));
        continue;
      default:
    }
    if (lower.startsWith(':') || HOP_BY_HOP.has(lower) || UNDERSCORED.has(lower)) continue;
    if (isForwardedName(lower)) {
      if (!policy.trustForwarded || lower.includes('_')) continue;
      if (takeForwarded(before, lower, value)) continue;
    }
    if (held?.unconditional === true && CONDITIONS.has(lower)) continue;
    fields.push(name, value);
  }
  if (named !== undefined) fields = withoutNamed(fields, named);

  const framing = readFraming(lengths, encodings, req.httpVersion === '1.0');
  if (isRefusal(framing)) return framing;
  if (
    hosts.length > 1 ||
    (isHttp2 && authority !== undefined && (hosts[0] ?? authority) !== authority)
  ) {
    return refusal(400, 'host', 'There must be one Host.');
  }
  const host = authority ?? hosts[0];
  if (host !== undefined && !isHost(host)) {
    return refusal(400, 'host', 'Host must be a name or an address, with a port or without.');
  }

  const hasBody = addFraming(fields, framing, req, isHttp2);
  if (cookies !== undefined) fields.push('Cookie', cookies);
  const ownVia = `${req.httpVersion} holdopen`;
  fields.push('Via', via === undefined ? ownVia : `${via}, ${ownVia}`);
  addForwarded(fields, req, host, before);
  if (takesTrailers) fields.push('TE', 'trailers', 'Connection', 'keep-alive, TE');
  // Node sends the head at once when it sees this field, and the body when it is told to.
  if (expects && hasBody) fields.push('Expect', '100-continue');
  return {
    method,
    path: target.path,
    // HTTP/1.0 may leave it out, and HTTP/1.1 behind us may not.
    fields: ['Host', policy.rewriteHost ? policy.authority : (host ?? policy.authority), ...fields],
    hasBody,
  };
}

/** Gives whether a body follows. */
function addFraming(
  fields: string[],
  framing: Framing,
  req: IncomingMessage,
  isHttp2: boolean,
): boolean {
  if (framing.kind === 'length') {
    fields.push('Content-Length', framing.length);
    return framing.length !== '0';
  }
  const { stream } = req as { stream?: { endAfterHeaders?: boolean } };
  const isChunked = framing.kind === 'chunked' || (isHttp2 && stream?.endAfterHeaders !== true);
  if (isChunked) fields.push('Transfer-Encoding', 'chunked');
  else if (!WITHOUT_BODY.has(req.method ?? 'GET')) fields.push('Content-Length', '0');
  return isChunked;
}
