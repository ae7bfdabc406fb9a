// In the child process: serves an app's rows, with and without holdOpen, and what was observed.
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import http2 from 'node:http2';
import type { AddressInfo, Server } from 'node:net';
import type { App, FetchHandler, NodeListener } from './apps/app.js';
import { control } from './control.js';
import { dispatchFetch, Handlers } from './dispatch.js';
import { context, hostOf, keyOf, observeUntouched } from './observed.js';

export async function serve(app: App): Promise<void> {
  observeUntouched();
  process.stdin.resume().once('end', () => process.exit());
  if (app.kind === 'fetch') return serveFetch(dispatchFetch(app, new Handlers(app.build)));
  const port = await listen(http.createServer(dispatchNode(app, new Handlers(app.build))));
  const build = app.buildHttp2 ?? (app.http2 === true ? app.build : undefined);
  if (build === undefined) return say({ port });
  const listener = dispatchNode(app, new Handlers(build));
  // The compatibility API is called as HTTP/1's is; the types do not know it.
  const compatible = listener as unknown as Parameters<typeof http2.createServer>[1];
  say({ port, http2Port: await listen(http2.createServer(compatible)) });
}

function dispatchNode(app: App, handlers: Handlers<NodeListener>): NodeListener {
  return (req: IncomingMessage, res: ServerResponse) => {
    const { key, row, kind } = keyOf(hostOf(req));
    const found = handlers.find(row, kind);
    if (found === undefined) return answerControl(app, req, res);
    const call = (listener: NodeListener): unknown => context.run(key, () => listener(req, res));
    return found instanceof Promise ? void found.then(call) : call(found);
  };
}

async function answerControl(app: App, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const { key, kind } = keyOf(hostOf(req));
  const value = await control(app, key, kind, req.url ?? '');
  res.setHeader('Content-Type', 'application/json');
  res.end(JSON.stringify(value));
}

async function serveFetch(handler: FetchHandler): Promise<void> {
  const { Bun, Deno } = globalThis as unknown as Runtimes;
  if (Bun !== undefined) {
    say({ port: Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: handler }).port });
  } else if (Deno !== undefined) {
    const onListen = ({ port }: { port: number }): void => say({ port, http2Port: port });
    Deno.serve({ port: 0, hostname: '127.0.0.1', onListen }, handler);
  } else {
    const { createAdaptorServer } = await import('@hono/node-server');
    const fetch = handler as Parameters<typeof createAdaptorServer>[0]['fetch'];
    say({
      port: await listen(createAdaptorServer({ fetch }) as Server),
      http2Port: await listen(
        createAdaptorServer({ fetch, createServer: http2.createServer }) as Server,
      ),
    });
  }
}

/** As much of Bun and Deno as is used here. */
interface Runtimes {
  readonly Bun?: {
    serve(options: { port: number; hostname: string; fetch: FetchHandler }): { port: number };
  };
  readonly Deno?: {
    serve(
      options: { port: number; hostname: string; onListen(address: { port: number }): void },
      handler: FetchHandler,
    ): unknown;
  };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

function say(what: { port: number; http2Port?: number }): void {
  console.log(JSON.stringify(what));
}
