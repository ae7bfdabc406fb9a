import type { HoldHandle } from '@holdopen/core';
import { drain, type FetchHoldOpenOptions, getHold, holdOpen, registry } from '@holdopen/fetch';
import { OUTER_OPTIONS, optionsOf } from '../instrumented.js';
import { hostOf, keyOf } from '../observed.js';
import { play, type Voice } from '../play.js';
import type { App, FetchHandler } from './app.js';
import { streamOf } from './byte-stream.js';
import { CORS_HEADERS } from './cors.js';

/** A handler that gives a Response, with the headers that it has gathered. */
class FetchVoice implements Voice {
  readonly key: string;
  readonly #request: Request;
  readonly #headers: Headers;
  #status = 200;

  constructor(request: Request, headers: Readonly<Record<string, string>>) {
    this.key = keyOf(hostOf(request)).key;
    this.#request = request;
    this.#headers = new Headers(headers);
  }

  get hold(): HoldHandle {
    return getHold(this.#request);
  }

  get method(): string {
    return this.#request.method;
  }

  get path(): string {
    const { pathname, search } = new URL(this.#request.url);
    return pathname + search;
  }

  requestHeader(name: string): string | undefined {
    return this.#request.headers.get(name) ?? undefined;
  }

  readBody(): Promise<string> {
    return this.#request.text();
  }

  status(code: number): void {
    this.#status = code;
  }

  header(name: string, value: string): void {
    this.#headers.set(name, value);
  }

  cookie(name: string, value: string): void {
    this.#headers.append('Set-Cookie', `${name}=${value}; Path=/`);
  }

  json(value: unknown): unknown {
    return Response.json(value, { status: this.#status, headers: this.#headers });
  }

  send(type: string, body: string | Uint8Array): unknown {
    return this.#response(type, body);
  }

  empty(): unknown {
    return this.#response('', null);
  }

  redirect(code: number, to: string): unknown {
    this.#status = code;
    this.#headers.set('Location', to);
    return this.#response('', null);
  }

  stream(type: string, body: AsyncIterable<Uint8Array>): unknown {
    return this.#response(type, streamOf(body));
  }

  #response(type: string, body: string | Uint8Array | ReadableStream | null): Response {
    if (type !== '' && !this.#headers.has('Content-Type')) this.#headers.set('Content-Type', type);
    return new Response(body as string | null, { status: this.#status, headers: this.#headers });
  }
}

export const app: App = {
  kind: 'fetch',
  drain,
  registry,
  mount: (options: never) => holdOpen(() => new Response(), options),
  build(row, held) {
    const headers = row.around?.includes('cors') ? CORS_HEADERS : {};
    const handler = ((request: Request) =>
      play(row.script, new FetchVoice(request, headers))) as FetchHandler;
    if (!held) return handler;
    const options = { ...optionsOf(row), headers: () => headers } as FetchHoldOpenOptions;
    const inner = holdOpen(handler, options);
    const outer = OUTER_OPTIONS as FetchHoldOpenOptions;
    return (row.mount === 'both' ? holdOpen(inner, outer) : inner) as FetchHandler;
  },
};
