// A fetch server in a process of its own: `run-server.ts bare|held|memory|redis [URL of Redis]`.
import type { Server } from 'node:http';
import { holdOpen } from '@holdopen/fetch';
import { createRedisStore } from '@holdopen/redis';
import { createMemoryStore, createRuns, type Runs } from '@holdopen/runs';
import { createAdaptorServer } from '@hono/node-server';
import { answer } from '../child.js';
import { serve } from '../serve.js';
import { LiveStreams } from './live-streams.js';
import { numberedEvents } from './numbered-events.js';
import { Pauses } from './pauses.js';

export type Mount = 'bare' | 'held' | 'memory' | 'redis';

/** As many as a benchmark starts. */
const NO_BOUND = 1_000_000;
const EVENT_HEADERS = { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' };

const [mount, redisUrl] = process.argv.slice(2) as [Mount, string | undefined];
const encoder = new TextEncoder();
const live = new LiveStreams();
const pauses = new Pauses();
/** Bodies that are sent as they are: what a replay is compared with. */
const kept: { readonly bytes: Buffer<ArrayBuffer>; readonly type: string }[] = [];
let worked = 0;

/** The application. It knows nothing of holds and runs. */
async function work(request: Request): Promise<Response> {
  worked += 1;
  const [, route, name = '', size = ''] = new URL(request.url).pathname.split('/');
  switch (route) {
    case 'items': {
      const { page } = (await request.json()) as { page: number };
      return Response.json({ page, items: [1, 2, 3], text: 'Hello, world.' });
    }
    case 'events':
      return eventResponse(numberedEvents(Number(name), encode));
    case 'paused': {
      const pause = { before: Number(size) / 2, over: pauses.over(name) };
      return eventResponse(numberedEvents(Number(size), encode, pause));
    }
    case 'live':
      return eventResponse(live.open());
    case 'document':
      return Response.json({ text: 'x'.repeat(Number(name)) });
    default:
      return new Response(null, { status: 404 });
  }
}

function encode(text: string): Uint8Array {
  return encoder.encode(text);
}

function eventResponse(body: ReadableStream<Uint8Array>): Response {
  return new Response(body, { headers: EVENT_HEADERS });
}

function createBenchRuns(): Runs | undefined {
  const options = {
    authorize: () => 'bench',
    maxRunning: NO_BOUND,
    maxRunningPerPrincipal: NO_BOUND,
    secret: 'the secret of a benchmark',
  };
  if (mount === 'memory') {
    return createRuns({ ...options, store: createMemoryStore({ maxRuns: NO_BOUND }) });
  }
  if (redisUrl === undefined) return undefined;
  return createRuns({ ...options, store: createRedisStore({ url: redisUrl }) });
}

const runs = createBenchRuns();
const handler = mount === 'bare' ? work : holdOpen(work, runs === undefined ? {} : { runs });

/** The router, the same for all, so that it makes no difference. */
function fetchHandler(request: Request): Response | Promise<Response> {
  const { url } = request;
  const path = url.indexOf('/', 'http://'.length);
  if (url.startsWith('/runs/', path)) {
    return runs?.fetch(request) ?? new Response(null, { status: 404 });
  }
  if (url.startsWith('/kept/', path)) return keptResponse(Number(url.slice(path + 6)));
  return handler(request) as Promise<Response>;
}

function keptResponse(index: number): Response {
  const { bytes, type } = kept[index] ?? { bytes: Buffer.alloc(0), type: 'text/plain' };
  const headers = { 'Content-Type': type, 'Content-Length': String(bytes.length) };
  return new Response(bytes, { headers });
}

const server = createAdaptorServer({ fetch: fetchHandler }) as Server;
const asked = await serve(server);

const commands = {
  ...asked,
  /** How often the handler was called. */
  worked: () => worked,
  /** Writes one event into each live stream. */
  append: (n: number) => live.append(n),
  endLive: () => live.end(),
  goOn: (name: string) => pauses.end(name),
  /** Keeps what is answered there; gives the path where the same bytes come from memory. */
  async keep(path: string): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${asked.port()}${path}`);
    if (response.status !== 200) throw new Error(`${path} answered ${response.status}`);
    const bytes = Buffer.from(await response.arrayBuffer());
    kept.push({ bytes, type: response.headers.get('content-type') ?? '' });
    return `/kept/${kept.length - 1}`;
  },
  connections: () =>
    new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count))),
};
export type RunServer = typeof commands;
answer(commands);
