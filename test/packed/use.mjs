// What a user does first, with each adapter, in a project that has only what npm gave it.
// Prints what became of it: { adapter: [status, held, body] }.
//   use.mjs client-first node hono …
//   use.mjs server-first …    a server that has put its own Response in the place of the global one
import { createServer } from 'node:http';

const [order, ...adapters] = process.argv.slice(2);
if (order === 'server-first') await import('@hono/node-server');
const { holdFetch } = await import('@holdopen/client');
if (order === 'client-first') await import('@hono/node-server');

const options = { intervalMs: 50 };
const work = () => new Promise((resolve) => setTimeout(resolve, 200, { answer: 42 }));

/** @type {Record<string, () => Promise<{ url: string, close: () => unknown }>>} */
const servers = {
  async node() {
    const { holdOpen } = await import('@holdopen/node');
    const handler = holdOpen(async (_req, res) => {
      const result = await work();
      res.statusCode = 422;
      res.setHeader('Content-Type', 'application/json');
      res.end(JSON.stringify(result));
    }, options);
    return listening(createServer(handler));
  },
  async express() {
    const { default: express } = await import('express');
    const { holdOpen } = await import('@holdopen/express');
    const app = express();
    app.post('/', holdOpen(options), async (_req, res) => {
      res.status(422).json(await work());
    });
    return listening(createServer(app));
  },
  async fastify() {
    const { default: fastify } = await import('fastify');
    const { holdOpen } = await import('@holdopen/fastify');
    const app = fastify();
    await app.register(holdOpen, { global: false });
    app.post('/', { config: { holdOpen: options } }, async (_request, reply) => {
      reply.code(422);
      return work();
    });
    return { url: await app.listen({ port: 0 }), close: () => app.close() };
  },
  async hono() {
    const { Hono } = await import('hono');
    const { createAdaptorServer } = await import('@hono/node-server');
    const { holdOpen } = await import('@holdopen/hono');
    const app = new Hono();
    app.post('/', holdOpen(options), async (c) => c.json(await work(), 422));
    return listening(createAdaptorServer(app));
  },
  async fetch() {
    const { createAdaptorServer } = await import('@hono/node-server');
    const { holdOpen } = await import('@holdopen/fetch');
    const handler = holdOpen(async () => Response.json(await work(), { status: 422 }), options);
    return listening(createAdaptorServer({ fetch: handler }));
  },
};

/** @param {import('node:http').Server | ReturnType<typeof import('@hono/node-server').createAdaptorServer>} server */
async function listening(server) {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() };
}

/** @type {Record<string, unknown[]>} */
const results = {};
for (const adapter of adapters) {
  const { url, close } = await /** @type {any} */ (servers)[adapter]();
  const headers = { 'Content-Type': 'application/json' };
  const response = await holdFetch(url, { method: 'POST', headers, body: '{}' });
  const { status } = response;
  const copy = response.clone();
  const body = JSON.parse(await response.text());
  const isSame = JSON.stringify(await copy.json()) === JSON.stringify(body);
  results[adapter] = [status, response.holdOpen?.isHeld === true && isSame, body];
  close();
}
// Answers that nobody holds, read in every way.
const plain = createServer((_req, res) => {
  const body = JSON.stringify({ answer: 42 });
  res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length });
  res.end(body);
});
const { url, close } = await listening(plain);
for (const method of ['json', 'text', 'arrayBuffer', 'blob', 'bytes']) {
  const response = await holdFetch(url);
  if (!(method in response)) continue;
  const read = await /** @type {any} */ (response)[method]();
  const text = method === 'json' ? JSON.stringify(read) : await new Response(read).text();
  results[method] = [response.status, false, JSON.parse(text)];
}
close();
console.log(JSON.stringify(results));
process.exit(0);
