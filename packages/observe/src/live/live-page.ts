import type { ServerResponse } from 'node:http';
import type { Http2ServerResponse } from 'node:http2';
import {
  type FetchHandler,
  holdOpen,
  type IncomingFacts,
  incomingOf,
  requestOfIncoming,
} from '@holdopen/fetch';
import { sendNodeResponse } from 'srvx/node';
import { rememberOwnStream } from '../own-streams.js';
import { Board } from './board.js';
import { readPageFile } from './files.js';
import { Gate } from './gate.js';
import { pageHeaders, refusal } from './headers.js';
import { type LivePageOptions, type LiveSettings, resolveLiveOptions } from './options.js';
import { FILES, mountedAt, type Placed, placeOf } from './place.js';
import { Watchers } from './watchers.js';

/** What somebody should wait who finds all places taken. */
const FULL_RETRY_S = 10;

/** What is going on in this process right now, as a page. */
export class LivePage {
  readonly #settings: LiveSettings;
  readonly #gate: Gate;
  readonly #board: Board;
  readonly #watchers: Watchers;
  readonly #held: FetchHandler<Request, [server: unknown, placed: Placed], Promise<Response>>;

  #isClosed = false;

  /** @throws HoldOpenError */
  constructor(options: LivePageOptions) {
    const settings = resolveLiveOptions(options);
    this.#settings = settings;
    this.#gate = new Gate(settings);
    this.#board = new Board(settings);
    this.#watchers = new Watchers(this.#board, this.#gate, settings);
    this.#held = holdOpen(
      (request: Request, _server: unknown, placed: Placed) => this.#answer(request, placed),
      { format: ({ headers }) => (headers.get('accept') === EVENTS_TYPE ? 'sse' : 'auto') },
    );
  }

  /**
   * Answers a request for the page, at `basePath` or where a framework has taken that off. 404 for any
   * other path. On Bun pass the server on, which is the second argument of `fetch`.
   * @example
   * app.all('/live/*', (c) => live.fetch(c.req.raw));
   */
  readonly fetch = (request: Request, server?: unknown): Promise<Response> => {
    const { pathname } = new URL(request.url);
    const placed = placeOf(pathname, this.#settings.basePath) ?? placeOf(pathname, '');
    return this.#held(request, server, placed ?? { place: 'nothing', name: '' });
  };

  /** The same, but `undefined` for a path that is not at or below `basePath`. */
  match(request: Request, server?: unknown): Promise<Response> | undefined {
    const placed = placeOf(new URL(request.url).pathname, this.#settings.basePath);
    return placed === undefined ? undefined : this.#held(request, server, placed);
  }

  /**
   * The same for Node's `(req, res)`: Express, Connect, Fastify's `raw`, or a server of node:http. What is
   * not at or below the page goes to `next`, or gets 404 without one.
   * @example
   * app.use('/live', live.middleware);
   */
  readonly middleware = (
    req: IncomingFacts,
    res: ServerResponse | Http2ServerResponse,
    next?: (error?: Error) => void,
  ): void => {
    const path = req.originalUrl ?? req.url ?? '/';
    const basePath = mountedAt(req.originalUrl, req.url) ?? this.#settings.basePath;
    const placed = placeOf(path.split('?', 1)[0] ?? '/', basePath);
    if (next !== undefined && (placed === undefined || placed.place === 'nothing')) {
      next();
      return;
    }
    this.#answerNode(req, res, placed ?? { place: 'nothing', name: '' }).catch((error: unknown) => {
      if (next !== undefined && !res.headersSent) {
        next(error instanceof Error ? error : new Error(String(error)));
      } else res.destroy();
    });
  };

  /**
   * Ends all streams and listens no more; where it is still mounted it is not found. A drain ends the streams, too, as soon as it is over; this is
   * for a page that is taken out of a process which goes on.
   */
  close(): void {
    this.#isClosed = true;
    this.#watchers.close();
    this.#board.stop();
  }

  async #answerNode(
    req: IncomingFacts,
    res: ServerResponse | Http2ServerResponse,
    placed: Placed,
  ): Promise<void> {
    const left = new AbortController();
    // Register first, then look: it may have gone before anybody listened.
    res.once('close', () => {
      if (!res.writableEnded || !res.writableFinished) left.abort();
    });
    if (res.destroyed) left.abort();
    let request: Request;
    try {
      request = requestOfIncoming(req, { signal: left.signal });
    } catch {
      // Methods and addresses that no Request can have, such as TRACE.
      await sendNodeResponse(res, refusal(405, ALLOW));
      return;
    }
    await sendNodeResponse(res, await this.#held(request, undefined, placed));
  }

  /** Who may not look is told the same of every path. */
  async #answer(request: Request, { place, name }: Placed): Promise<Response> {
    const verdict = await this.#gate.ask(request);
    if (!verdict.allowed) return verdict.response;
    // Routes cannot be taken off again in most frameworks, and pages that are open come back.
    if (this.#isClosed) return refusal(404);
    if (request.method !== 'GET' && request.method !== 'HEAD') return refusal(405, ALLOW);
    if (place === 'bare') return toSlash(request);
    if (place === 'page') return this.#file('page.html', 'text/html; charset=utf-8');
    if (place === 'events') return this.#events(request, verdict.until);
    const type = FILES.get(name);
    return type === undefined ? refusal(404) : this.#file(name, type);
  }

  async #file(name: string, type: string): Promise<Response> {
    return new Response(await readPageFile(name), {
      headers: pageHeaders({ 'Content-Type': type }),
    });
  }

  #events(request: Request, until: number): Response {
    // A page of another site could not read it, and would take the places of those who may.
    const site = request.headers.get('sec-fetch-site') ?? 'none';
    if (site !== 'same-origin' && site !== 'none') return refusal(403);
    const headers = pageHeaders({ 'Content-Type': EVENTS_TYPE, 'X-Accel-Buffering': 'no' });
    if (request.method === 'HEAD') return new Response(null, { headers });
    // It left while it was asked who it is: over HTTP/2 nobody would say so again.
    if (request.signal.aborted) return refusal(503);
    if (this.#watchers.isFull) return refusal(503, { 'Retry-After': `${FULL_RETRY_S}` });
    rememberOwnStream(request);
    const incoming = incomingOf(request);
    if (incoming !== undefined) rememberOwnStream(incoming);
    return new Response(this.#watchers.join(request, until), { headers });
  }
}

const EVENTS_TYPE = 'text/event-stream';
const ALLOW = { Allow: 'GET, HEAD' };

/** Relative, so that it holds behind whatever a proxy puts before the path. */
function toSlash({ url }: Request): Response {
  const { pathname, search } = new URL(url);
  const last = pathname.slice(pathname.lastIndexOf('/') + 1);
  return new Response(null, {
    status: 308,
    headers: pageHeaders({ Location: `./${last}/${search}` }),
  });
}

/**
 * A page that shows what is going on in this process right now: its holds and runs, the rate of beats and
 * bytes, and what failed last.
 *
 * @example
 * const live = createLivePage({ authorize: async (request) => (await session(request))?.role === 'operator' });
 * app.use('/live', live.middleware); // Express; `live.fetch` elsewhere
 *
 * @throws HoldOpenError if an option is wrong, or `authorize` is missing; its message says what to do.
 */
export function createLivePage(options: LivePageOptions): LivePage {
  return new LivePage(options);
}
