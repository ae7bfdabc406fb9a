// Serves the routes with and without their adapter, on whatever runtime runs this, and says the ports.
import { type H3, serve } from 'h3';
import { createRoutes, createWebHandler } from './effect-app.js';
import { serveRoutes } from './effect-node.js';
import { createApp } from './h3-app.js';

type Handler = (request: Request) => Response | Promise<Response>;

interface BunServer {
  serve(options: { port: number; fetch: Handler }): { port: number };
}

async function serveH3(app: H3): Promise<number> {
  const server = serve(app, { port: 0, hostname: '127.0.0.1', silent: true });
  await server.ready();
  return Number(new URL(server.url ?? '').port);
}

function serveOnBun(fetch: Handler): number {
  const { Bun } = globalThis as unknown as { Bun: BunServer };
  return Bun.serve({ port: 0, fetch }).port;
}

const PORT_OF: Record<string, (held: boolean) => number | Promise<number>> = {
  h3: (held) => serveH3(createApp(held)),
  'Effect as a Web handler': (held) => serveOnBun(createWebHandler(held)),
  'Effect on NodeHttpServer': async (held) => (await serveRoutes(createRoutes(held))).port,
};

const [, , name = ''] = process.argv;
const portOf = PORT_OF[name];
if (portOf === undefined) throw new Error(`no such application: ${name}`);
console.log(JSON.stringify({ plain: await portOf(false), held: await portOf(true) }));
