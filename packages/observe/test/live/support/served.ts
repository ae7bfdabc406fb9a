// A server as people write it, with the page beside its routes, on a real socket.
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { holdOpen, registry } from '@holdopen/node';
import type { Runs } from '@holdopen/runs';
import { afterEach, expect, vi } from 'vitest';
import { createLivePage, type LivePage, type LivePageOptions } from '../../../src/index.js';

/** So that holds and beats are there at once. */
const QUICK = { intervalMs: 100, firstBeatMs: 50 };

const open: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

/** Does it when the test is over. */
export function afterwards(close: () => unknown): void {
  open.push(close);
}

export interface Call {
  /** Gives the handler's answer, with this status. */
  answer(status?: number, body?: string): void;
  /** The client leaves. */
  leave(): void;
}

export class Served {
  readonly live: LivePage;
  readonly server: Server;
  readonly port: number;
  readonly #answers: ReadonlyMap<string, (status: number, body: string) => void>;

  private constructor(
    live: LivePage,
    server: Server,
    answers: ReadonlyMap<string, (status: number, body: string) => void>,
  ) {
    this.live = live;
    this.server = server;
    this.port = (server.address() as AddressInfo).port;
    this.#answers = answers;
  }

  /** Whoever comes may look, unless the options say otherwise. Its handler answers when the test says so, and streams under `/stream`. */
  static async start(
    options: Partial<LivePageOptions> = {},
    { port = 0, runs, hold = QUICK }: { port?: number; runs?: Runs; hold?: typeof QUICK } = {},
  ): Promise<Served> {
    const live = createLivePage({
      ...{ authorize: () => true, updateMs: 250, recheckMs: 1_000 },
      ...options,
      runs,
    });
    const answers = new Map<string, (status: number, body: string) => void>();
    const app = holdOpen(
      (req, res) => {
        if (req.url?.startsWith('/stream')) {
          const head = { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' };
          res.writeHead(200, head).write('data: 1\n\n');
          return;
        }
        answers.set(req.url ?? '', (status, body) => {
          res.writeHead(status, { 'Content-Type': 'application/json' }).end(body);
        });
      },
      { ...hold, ...(runs && { runs }), onLateOutcome: () => undefined },
    );
    const server = createServer((req, res) => live.middleware(req, res, () => app(req, res)));
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const served = new Served(live, server, answers);
    afterwards(() => served.stop());
    return served;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** A request that waits for its answer. */
  call(path: string, headers: Readonly<Record<string, string>> = {}): Call {
    const client = request({ port: this.port, host: '127.0.0.1', method: 'POST', path, headers });
    client.on('response', (response) => response.on('error', () => {}).resume());
    client.on('error', () => {});
    client.end();
    afterwards(() => client.destroy());
    return {
      answer: (status = 200, body = '{"done":true}') => this.#answers.get(path)?.(status, body),
      leave: () => client.destroy(),
    };
  }

  /** As a process does that ends. */
  async stop(): Promise<void> {
    this.live.close();
    if (!this.server.listening) return;
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
    // What it held must not be the next one's.
    await vi.waitFor(() => expect(registry.size).toBe(0), { timeout: 10_000 });
  }
}

export interface LiveEvent {
  readonly name: string;
  readonly data: Record<string, unknown>;
}

/** Reads the events of a stream one by one; `undefined` at its end. */
export function eventsOf(body: ReadableStream<Uint8Array>) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  return {
    async next(): Promise<LiveEvent | undefined> {
      for (;;) {
        const end = text.indexOf('\n\n');
        if (end >= 0) {
          const block = text.slice(0, end);
          text = text.slice(end + 2);
          const name = /^event: (.*)$/m.exec(block)?.[1];
          const data = /^data: (.*)$/m.exec(block)?.[1];
          if (name === undefined) continue;
          return { name, data: JSON.parse(data ?? '{}') };
        }
        const { done, value } = await reader.read();
        if (done) return undefined;
        text += decoder.decode(value, { stream: true });
      }
    },
    stop: () => reader.cancel(),
  };
}
