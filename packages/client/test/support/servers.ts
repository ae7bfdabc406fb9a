import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type FetchHoldOpenOptions, holdOpen as holdFetchHandler } from '@holdopen/fetch';
import { holdOpen, type NodeHoldOpenOptions } from '@holdopen/node';
import { getRequestListener } from '@hono/node-server';

/** Beats soon, so that tests need not wait. */
export const QUICK = { intervalMs: 60, onLateOutcome() {} };

export class TestServer implements AsyncDisposable {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(listener: RequestListener): Promise<TestServer> {
    const server = createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new TestServer(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

type Handler = (request: Request) => Response | Promise<Response>;

export function listenerOf(handler: Handler): RequestListener {
  return getRequestListener(handler, { overrideGlobalObjects: false });
}

/** The same handler behind the adapter for Node and behind that for fetch. */
export const adapters = {
  node: (handler: Handler, options: NodeHoldOpenOptions = {}) =>
    TestServer.start(holdOpen(listenerOf(handler), { ...QUICK, format: 'json', ...options })),
  fetch: (handler: Handler, options: FetchHoldOpenOptions = {}) =>
    TestServer.start(
      listenerOf(holdFetchHandler(handler, { ...QUICK, format: 'json', ...options })),
    ),
} as const;
