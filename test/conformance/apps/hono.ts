import type { HoldHandle } from '@holdopen/core';
import { registry as fetchRegistry } from '@holdopen/fetch';
import { drain, type HonoHoldOpenOptions, holdOpen } from '@holdopen/hono';
import { registry as nodeRegistry } from '@holdopen/node';
import { type Context, type Handler, Hono, type MiddlewareHandler } from 'hono';
import { compress } from 'hono/compress';
import { setCookie } from 'hono/cookie';
import { cors } from 'hono/cors';
import { etag } from 'hono/etag';
import { HTTPException } from 'hono/http-exception';
import { streamSSE } from 'hono/streaming';
import type { ContentfulStatusCode, RedirectStatusCode, StatusCode } from 'hono/utils/http-status';
import { OUTER_OPTIONS, optionsOf } from '../instrumented.js';
import { hostOf, keyOf, note } from '../observed.js';
import { play, type Voice } from '../play.js';
import type { Row } from '../row.js';
import type { App } from './app.js';
import { streamOf } from './byte-stream.js';
import { CORS } from './cors.js';

class HonoVoice implements Voice {
  readonly key: string;
  readonly #c: Context;

  constructor(c: Context) {
    this.key = keyOf(hostOf(c)).key;
    this.#c = c;
  }

  get hold(): HoldHandle | undefined {
    return this.#c.get('holdOpen');
  }

  get method(): string {
    return this.#c.req.method;
  }

  get path(): string {
    const { pathname, search } = new URL(this.#c.req.url);
    return pathname + search;
  }

  requestHeader(name: string): string | undefined {
    return this.#c.req.header(name);
  }

  readBody(): Promise<string> {
    return this.#c.req.text();
  }

  status(code: number): void {
    this.#c.status(code as StatusCode);
  }

  header(name: string, value: string): void {
    this.#c.header(name, value);
  }

  cookie(name: string, value: string): void {
    setCookie(this.#c, name, value);
  }

  json(value: unknown): unknown {
    return this.#c.json(value as object);
  }

  send(type: string, body: string | Uint8Array): unknown {
    this.#c.header('Content-Type', type);
    return this.#c.body(body as string);
  }

  empty(): unknown {
    return this.#c.body(null);
  }

  redirect(code: number, to: string): unknown {
    return this.#c.redirect(to, code as RedirectStatusCode);
  }

  stream(type: string, body: AsyncIterable<Uint8Array>): unknown {
    this.#c.header('Content-Type', type);
    return this.#c.body(streamOf(body));
  }

  events(data: readonly string[], pause: () => Promise<void>): unknown {
    return streamSSE(this.#c, async (stream) => {
      for (const one of data) {
        await stream.writeSSE({ data: one });
        await pause();
      }
    });
  }

  failure(status: number, message: string): Error {
    return new HTTPException(status as ContentfulStatusCode, { message });
  }

  /** etag() answers If-None-Match. */
  etagged(value: unknown, tag: string | undefined): unknown {
    if (tag !== undefined) this.#c.header('ETag', tag);
    return this.#c.json(value as object);
  }
}

function insideOf(row: Row): MiddlewareHandler[] {
  const inside: MiddlewareHandler[] = [];
  for (const one of row.around ?? []) {
    if (one === 'cors') inside.push(cors({ ...CORS, exposeHeaders: CORS.exposedHeaders }));
    if (one === 'compression inside') inside.push(compress({ threshold: 0 }));
    if (one === 'logger') {
      inside.push(async (c, next) => {
        await next();
        note(keyOf(hostOf(c)).key, 'logged', { status: c.res.status });
      });
    }
  }
  if (row.script.some((step) => step.do === 'etagged')) inside.push(etag());
  return inside;
}

export const app: App = {
  kind: 'fetch',
  drain,
  registry: {
    get size() {
      return nodeRegistry.size + fetchRegistry.size;
    },
    reopen() {
      nodeRegistry.reopen();
      fetchRegistry.reopen();
    },
  },
  mount: (options: never) => holdOpen(options),
  build(row, held) {
    const options = optionsOf(row) as HonoHoldOpenOptions;
    const created = new Hono();
    if (row.around?.includes('compression outside')) created.use(compress({ threshold: 0 }));
    if (held && row.mount === 'global') created.use(holdOpen(options));
    if (held && row.mount === 'both') created.use(holdOpen(OUTER_OPTIONS as HonoHoldOpenOptions));
    const onRoute = held && row.mount !== 'global' ? [holdOpen(options)] : [];
    const handler: Handler = (c) => play(row.script, new HonoVoice(c)) as Promise<Response>;
    created.all('/', ...([...onRoute, ...insideOf(row), handler] as [Handler]));
    if (row.around?.includes('error handler')) {
      created.onError((error, c) => c.json({ handled: error.message }, 418));
    }
    return (request, server) => created.fetch(request, server);
  },
};
