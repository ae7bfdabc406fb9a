// What a test needs to call a held handler without a server.

import { until } from '../../../node/test/held/support/wait.js';
import { getHold } from '../../src/index.js';

export { quiet, until } from '../../../node/test/held/support/wait.js';

/** Short enough for tests, long enough for a machine that is busy. */
export const QUICK = { firstBeatMs: 20, intervalMs: 60 } as const;

export function ask(path = '/work', init: RequestInit = {}): Request {
  return new Request(`http://localhost${path}`, { method: 'POST', ...init });
}

/** Waits, in a handler, until an answer was given in its place. */
export async function held(request: Request): Promise<void> {
  await until('the response is held', () => getHold(request).state === 'held');
}

export interface Received {
  readonly text: string;
  readonly chunks: readonly string[];
  /** How the body failed, if it did. */
  readonly error: unknown;
}

/** Reads a body to its end, whether that is a good one or not. */
export async function receive(response: Response): Promise<Received> {
  const chunks: string[] = [];
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let error: unknown;
  try {
    for await (const chunk of response.body ?? []) {
      chunks.push(decoder.decode(chunk as Uint8Array, { stream: true }));
    }
  } catch (reason) {
    error = reason;
  }
  return { text: chunks.join(''), chunks, error };
}

const encoder = new TextEncoder();

/** A body whose pieces leave when the test says so. */
export class Pieces {
  readonly body: ReadableStream<Uint8Array>;
  cancelledWith: unknown;
  isCancelled = false;
  /** How often somebody asked for a piece. */
  pulls = 0;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;

  constructor() {
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => {
          this.pulls += 1;
        },
        cancel: (reason) => {
          this.isCancelled = true;
          this.cancelledWith = reason;
        },
      },
      { highWaterMark: 0 },
    );
  }

  give(text: string): this {
    this.#controller?.enqueue(encoder.encode(text));
    return this;
  }

  end(): void {
    this.#controller?.close();
  }

  fail(error: unknown): void {
    this.#controller?.error(error);
  }
}

/** An event stream, with the header that proxies want. */
export function events(
  body: string | ReadableStream | null,
  headers: Record<string, string> = {},
): Response {
  return new Response(body, {
    headers: { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no', ...headers },
  });
}
