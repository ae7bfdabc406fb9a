import { EventEmitter } from 'node:events';
import type { HeaderPair, HeadFacts } from '@holdopen/core';
import { type HeldResponse, http2Stream } from './message.js';

/** The header lines of a head as HTTP/1 writes it, names in lower case. */
export function parseHeaderLines(head: string): HeaderPair[] {
  const pairs: HeaderPair[] = [];
  for (const line of head.split('\r\n').slice(1)) {
    const colon = line.indexOf(':');
    if (colon > 0) pairs.push([line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]);
  }
  return pairs;
}

/** What `getHeaders()` gives, as pairs. */
export function headerPairs(headers: Readonly<Record<string, unknown>>): HeaderPair[] {
  const pairs: HeaderPair[] = [];
  for (const [name, value] of Object.entries(headers)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined) pairs.push([name.toLowerCase(), String(one)]);
    }
  }
  return pairs;
}

/** The headers that really left: `getHeader` does not see those given to `writeHead`. */
export function sentHeaders(res: HeldResponse): HeaderPair[] {
  const sent = http2Stream(res)?.sentHeaders;
  if (sent !== undefined) return headerPairs(sent);
  if (typeof res._header === 'string') return parseHeaderLines(res._header);
  return headerPairs(res.getHeaders());
}

/** What decides whether the body of a head that was sent can carry beats. */
export function sentHeadFacts(res: HeldResponse, encodedBelow: boolean): HeadFacts {
  let contentType: string | undefined;
  let hasLength = false;
  let encoded = false;
  for (const [name, value] of sentHeaders(res)) {
    if (name === 'content-type') contentType = value;
    else if (name === 'content-length') hasLength = true;
    else if (name === 'content-encoding') encoded = value.toLowerCase() !== 'identity';
  }
  return {
    status: res.statusCode,
    contentType,
    hasLength,
    encoded: encoded && !isEncoding(res, encodedBelow),
  };
}

/**
 * Whether a compressor below us encodes this body. It stands aside if the handler has, which shows
 * in that it does not wait for the response to drain.
 */
function isEncoding(res: HeldResponse, encodedBelow: boolean): boolean {
  return encodedBelow && EventEmitter.prototype.listenerCount.call(res, 'drain') > 0;
}
