import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Registry } from 'prom-client';
import { RouteLabels, type RouteLabelsOptions } from '../route.js';
import { prefersOpenMetrics } from './accept.js';
import { measure } from './measure.js';
import { PrometheusSink } from './prometheus.js';

export type MetricsOptions = RouteLabelsOptions;

/** What is counted and timed of all holds and runs of this process, for Prometheus. */
export interface Metrics {
  /**
   * Answers a scrape on Node: `app.get('/metrics', metrics.handler)`. It asks nobody who they are: mount
   * it where only your scraper gets.
   */
  readonly handler: (req: IncomingMessage, res: ServerResponse) => void;
  /** The same for fetch: `app.get('/metrics', (c) => metrics.fetch(c.req.raw))`. */
  readonly fetch: (request: Request) => Promise<Response>;
  /** All metrics in Prometheus's text format. */
  metricsText(): Promise<string>;
  /** A registry of prom-client with these metrics alone, to be merged with others. */
  readonly registry: Registry;
  /** Counts nothing more. */
  stop(): void;
}

const METHODS: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD']);

/**
 * Counts and times all holds and runs of this process from now on, whatever adapter and store they are
 * of. A response that is quick costs nothing more. Call it once, when the process starts.
 *
 * @throws TypeError if an option is wrong; its message says what to give
 * @example
 * const metrics = createMetrics();
 * app.get('/metrics', metrics.handler);
 */
export function createMetrics(options: MetricsOptions = {}): Metrics {
  const sink = new PrometheusSink();
  const stop = measure(sink, new RouteLabels(options));
  return {
    handler: (req, res) => void handle(sink, req, res),
    fetch: (request) => answer(sink, request),
    metricsText: async () => (await sink.expose(false)).text,
    registry: sink.registry,
    stop,
  };
}

async function handle(
  sink: PrometheusSink,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const { status, headers, text } = await scrape(sink, req.method, req.headers.accept);
  // Somebody else may have answered meanwhile, as a time-out does.
  if (res.headersSent) return;
  res.writeHead(status, headers);
  res.end(req.method === 'HEAD' ? undefined : text);
}

async function answer(sink: PrometheusSink, { method, headers }: Request): Promise<Response> {
  const { text, ...head } = await scrape(sink, method, headers.get('accept'));
  return new Response(method === 'HEAD' ? null : text, head);
}

interface Scraped {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly text: string;
}

async function scrape(
  sink: PrometheusSink,
  method: string | undefined,
  accept: string | null | undefined,
): Promise<Scraped> {
  if (!METHODS.has(method)) {
    return { status: 405, headers: { Allow: 'GET, HEAD' }, text: '' };
  }
  try {
    const { contentType, text } = await sink.expose(prefersOpenMetrics(accept));
    const headers = { 'Content-Type': contentType, 'Cache-Control': 'no-store', Vary: 'Accept' };
    return { status: 200, headers, text };
  } catch (error) {
    console.error('holdopen: the metrics could not be written:', error);
    return { status: 500, headers: {}, text: '' };
  }
}
