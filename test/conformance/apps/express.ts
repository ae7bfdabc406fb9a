import type { IncomingMessage, ServerResponse } from 'node:http';
import { drain, type ExpressHoldOpenOptions, holdOpen, registry } from '@holdopen/express';
// @ts-expect-error: no types here
import express from 'express';
import { OUTER_OPTIONS, optionsOf } from '../instrumented.js';
import { play } from '../play.js';
import type { App, NodeListener } from './app.js';
import { type Connect, type Next, surroundings } from './connect.js';
import { logEnd, NodeVoice } from './node-voice.js';

/** As much of Express as the rows use; its types are not installed here. */
interface ExpressResponse extends ServerResponse {
  status(code: number): this;
  set(name: string, value: string): this;
  type(type: string): this;
  cookie(name: string, value: string): this;
  json(value: unknown): this;
  send(body: unknown): this;
  redirect(code: number, to: string): void;
  sendFile(path: string): void;
}
type Handler = (req: IncomingMessage, res: ExpressResponse) => unknown;
type ErrorHandler = (
  error: Error,
  req: IncomingMessage,
  res: ExpressResponse,
  next: Next,
) => unknown;
interface ExpressApp extends NodeListener {
  use(...middleware: readonly (Connect | ErrorHandler)[]): this;
  all(path: string, ...handlers: readonly (Connect | Handler)[]): this;
}
const createApp: () => ExpressApp = express;

class ExpressVoice extends NodeVoice {
  declare readonly res: ExpressResponse;

  override status(code: number): void {
    this.res.status(code);
  }

  override header(name: string, value: string): void {
    this.res.set(name, value);
  }

  override cookie(name: string, value: string): void {
    this.res.cookie(name, value);
  }

  override json(value: unknown): unknown {
    return void this.res.json(value);
  }

  override send(type: string, body: string | Uint8Array): unknown {
    if (!this.res.hasHeader('Content-Type')) this.res.set('Content-Type', type);
    return void this.res.send(typeof body === 'string' ? body : Buffer.from(body));
  }

  override redirect(code: number, to: string): unknown {
    return this.res.redirect(code, to);
  }

  /** Express answers If-None-Match by itself. */
  etagged(value: unknown, etag: string | undefined): unknown {
    if (etag !== undefined) this.res.set('ETag', etag);
    return void this.res.json(value);
  }

  /** And Range. */
  file(): unknown {
    return this.res.sendFile(process.env.CONFORMANCE_DOCUMENT ?? '');
  }
}

export const app: App = {
  kind: 'node',
  drain,
  registry,
  mount: (options: never) => holdOpen(options),
  build(row, held) {
    const { outside, inside } = surroundings(row);
    const options = optionsOf(row) as ExpressHoldOpenOptions;
    const handler: Handler = (req, res) => {
      if (row.around?.includes('logger')) logEnd(req, res);
      return play(row.script, new ExpressVoice(req, res));
    };
    const created = createApp();
    for (const one of outside) created.use(one);
    if (held && row.mount === 'global') created.use(holdOpen(options));
    if (held && row.mount === 'both')
      created.use(holdOpen(OUTER_OPTIONS as ExpressHoldOpenOptions));
    const onRoute = held && row.mount !== 'global' ? [holdOpen(options)] : [];
    created.all('/', ...onRoute, ...inside, handler);
    if (row.around?.includes('error handler')) {
      created.use((error: Error, _req: IncomingMessage, res: ExpressResponse, _next: Next) => {
        res.status(418).json({ handled: error.message });
      });
    }
    return created;
  },
};
