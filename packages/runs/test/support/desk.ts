import { vi } from 'vitest';
import type { RunsRuntime } from '../../src/context.js';
import type { RunsOptions } from '../../src/options.js';
import { createRuns, type Runs } from '../../src/runs.js';
import type { Work } from '../../src/serve/work.js';

export type Answer = Response | Promise<Response>;

export interface Ask {
  readonly key?: string | undefined;
  readonly method?: string;
  readonly url?: string;
  readonly body?: string | FormData | undefined;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
  readonly user?: string;
}

/** A long key, as clients make them. */
export const KEY = '8e03978e-40d5-43dd-bc93-6894a57f9324';

/** The user is whoever the header says; without it nobody. */
export const byHeader: RunsOptions['authorize'] = (request) => request.headers.get('x-user');

export function openRuns(options: Partial<RunsOptions> = {}, runtime?: RunsRuntime): Runs {
  return createRuns({ authorize: byHeader, ...options }, runtime);
}

export function ask({ key, url, user, headers, ...rest }: Ask = {}): Request {
  const { method = 'POST', body, signal } = rest;
  return new Request(url ?? 'http://test.example/work', {
    method,
    headers: {
      'x-user': user ?? 'ann',
      ...(key === undefined ? {} : { 'idempotency-key': key }),
      ...headers,
    },
    ...(body === undefined ? {} : { body }),
    ...(signal === undefined ? {} : { signal }),
  });
}

/** Serves one request as an adapter does. */
export async function serve(runs: Runs, request: Request, work: Work<Answer>): Promise<Response> {
  return runs.serve(request, work);
}

/** A promise and what settles it. */
export function gate<T = void>() {
  let open: (value: T) => void = () => {};
  let fail: (error: unknown) => void = () => {};
  const opened = new Promise<T>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { opened, open, fail };
}

/** Errors that go to the console are kept here instead. */
export function quiet() {
  return vi.spyOn(console, 'error').mockImplementation(() => {});
}

export async function problemOf(response: Response): Promise<Record<string, unknown>> {
  if (response.headers.get('content-type') !== 'application/problem+json') {
    throw new Error(`no problem, but ${response.status} ${await response.text()}`);
  }
  return (await response.json()) as Record<string, unknown>;
}

export function runOf(response: Response): string {
  const run = /<\/runs\/([\w-]+)>; rel="status"/.exec(response.headers.get('link') ?? '')?.[1];
  if (run === undefined) throw new Error('no link to a run');
  return run;
}

export interface SeenEvent {
  readonly id: string | undefined;
  readonly event: string | undefined;
  readonly data: string | undefined;
}

/** The blocks of an event stream, as they are on the wire. */
export function blocksOf(text: string): SeenEvent[] {
  const blocks = text.split('\n\n');
  return blocks.slice(0, -1).map((block) => ({
    id: /^id: (.*)$/m.exec(block)?.[1],
    event: /^event: (.*)$/m.exec(block)?.[1],
    data: [...block.matchAll(/^data: ?(.*)$/gm)].map(([, line]) => line).join('\n') || undefined,
  }));
}

/** A response of these events, one chunk each. */
export function eventStream(texts: readonly string[], headers: Record<string, string> = {}) {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const text of texts) controller.enqueue(encoder.encode(text));
      controller.close();
    },
  });
  return new Response(body, { headers: { 'content-type': 'text/event-stream', ...headers } });
}
