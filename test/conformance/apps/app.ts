import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DrainOptions, DrainResult, HoldRegistry } from '@holdopen/core';
import type { Row } from '../row.js';

export type NodeListener = (req: IncomingMessage, res: ServerResponse) => unknown;
/** The second argument is what the server gives: `env` of @hono/node-server, Bun's server. */
export type FetchHandler = (request: Request, server: unknown) => Response | Promise<Response>;

/** How one framework serves the rows. */
interface Application<Handler> {
  /** One row, with holdOpen as the row says or without it. */
  build(row: Row, held: boolean): Handler | Promise<Handler>;
  /** Mounts holdOpen with options that it has to refuse. */
  mount(options: never): unknown;
  drain(options?: DrainOptions): Promise<DrainResult>;
  /** Where the drain is taken back. */
  readonly registry: Pick<HoldRegistry, 'reopen' | 'size'>;
}

export interface NodeApplication extends Application<NodeListener> {
  readonly kind: 'node';
  /** The listener answers HTTP/2 requests too. */
  readonly http2?: boolean;
  /** For frameworks that make their own server out of the handler for HTTP/2. */
  buildHttp2?(row: Row, held: boolean): NodeListener | Promise<NodeListener>;
}

export interface FetchApplication extends Application<FetchHandler> {
  readonly kind: 'fetch';
}

export type App = NodeApplication | FetchApplication;
