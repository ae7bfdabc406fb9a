import { type IncomingMessage, ServerResponse } from 'node:http';
import type { HeaderPair } from '@holdopen/core';
import type { PreparedHeader } from './framework.js';
import { headerPairs, parseHeaderLines } from './sent-head.js';

/** What a response has for its head, and a shadow of it, too. */
export const HEAD_FUNCTIONS = [
  'setHeader',
  'setHeaders',
  'appendHeader',
  'getHeader',
  'getHeaders',
  'getHeaderNames',
  'getRawHeaderNames',
  'hasHeader',
  'removeHeader',
] as const;

/**
 * A head that is sent nowhere. A response that is connected to nothing takes over the headers, so that
 * Node itself does all forms of `writeHead` and all of its errors. Made when it is first touched.
 */
export class ShadowHead {
  readonly #req: IncomingMessage;
  readonly #headers: readonly PreparedHeader[];
  #response: ServerResponse | undefined;
  /** Headers that were given to `writeHead`, for runtimes that write no head as text. */
  #given: HeaderPair[] | undefined;

  constructor(req: IncomingMessage, headers: readonly PreparedHeader[]) {
    this.#req = req;
    this.#headers = headers;
  }

  /** Whether `writeHead` was called. */
  get sent(): boolean {
    return this.#response?.headersSent === true;
  }

  get response(): ServerResponse {
    if (this.#response === undefined) {
      const response = new ServerResponse(this.#req);
      for (const [name, value] of this.#headers) {
        response.setHeader(name, Array.isArray(value) ? [...value] : value);
      }
      this.#response = response;
    }
    return this.#response;
  }

  /** @throws what Node throws. */
  writeHead(args: readonly unknown[]): void {
    const { response } = this;
    Reflect.apply(response.writeHead, response, args);
    this.#given = givenHeaders(args);
  }

  /** All headers that this head would have. */
  headers(): HeaderPair[] {
    const text: unknown = Reflect.get(this.response, '_header');
    if (typeof text === 'string') return parseHeaderLines(text);
    const named = new Map(headerPairs(this.response.getHeaders()).map((pair) => [pair[0], pair]));
    return [...named.values(), ...(this.#given ?? []).filter(([name]) => !named.has(name))];
  }
}

/** The headers in any form that `writeHead` takes: an object, a flat array, an array of pairs. */
function givenHeaders(args: readonly unknown[]): HeaderPair[] {
  const given = typeof args[1] === 'string' ? args[2] : (args[1] ?? args[2]);
  if (Array.isArray(given)) {
    if (Array.isArray(given[0]))
      return headerPairs(Object.fromEntries(given as [string, string][]));
    const pairs: HeaderPair[] = [];
    for (let i = 0; i + 1 < given.length; i += 2) {
      pairs.push([String(given[i]).toLowerCase(), String(given[i + 1])]);
    }
    return pairs;
  }
  return typeof given === 'object' && given !== null ? headerPairs({ ...given }) : [];
}
