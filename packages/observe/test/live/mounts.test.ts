import { once } from 'node:events';
import { createServer } from 'node:http';
import {
  type ClientHttp2Session,
  connect,
  createServer as createHttp2Server,
  type IncomingHttpHeaders,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { drain, holdOpen as holdOpenExpress, registry } from '@holdopen/express';
import { incomingOf } from '@holdopen/fetch';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { createLivePage, type LivePage } from '../../src/index.js';
import { afterwards, eventsOf } from './support/served.js';

interface Mounted {
  readonly url: string;
}

function page(basePath?: string): LivePage {
  const live = createLivePage({ authorize: () => true, updateMs: 250, basePath });
  afterwards(() => live.close());
  return live;
}

type Handler = Parameters<typeof createServer>[1];

async function listen(handler: Handler): Promise<Mounted> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterwards(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** A fetch handler behind a socket of its own. */
function overFetch(handler: (request: Request) => Response | Promise<Response>) {
  return { get: (path: string) => handler(new Request(`http://app.test${path}`)) };
}

async function overHttp2(session: ClientHttp2Session, path: string): Promise<Response> {
  const stream = session.request({ ':path': path });
  const [head] = (await once(stream, 'response')) as [IncomingHttpHeaders];
  const headers = new Headers();
  for (const [name, value] of Object.entries(head)) {
    if (!name.startsWith(':')) headers.set(name, String(value));
  }
  const body = Readable.toWeb(stream) as ReadableStream<Uint8Array<ArrayBuffer>>;
  return new Response(body, { status: Number(head[':status']), headers });
}

const mounts: Record<string, () => Promise<{ get(path: string): Response | Promise<Response> }>> = {
  'Express, under holdOpen over all routes': async () => {
    const app = express();
    app.use(holdOpenExpress());
    app.use('/ops/live', page().middleware);
    const { url } = await listen(app);
    return { get: (path) => fetch(url + path, { redirect: 'manual' }) };
  },
  'a router of Express': async () => {
    const app = express();
    const router = express.Router();
    router.use('/live', page().middleware);
    app.use('/ops', router);
    const { url } = await listen(app);
    return { get: (path) => fetch(url + path, { redirect: 'manual' }) };
  },
  Fastify: async () => {
    const app = fastify();
    const live = page('/ops/live');
    app.addHook('onRequest', (request, reply, done) => {
      live.middleware(request.raw, reply.raw, done);
    });
    const url = await app.listen({ port: 0, host: '127.0.0.1' });
    afterwards(() => {
      live.close();
      return app.close();
    });
    return { get: (path) => fetch(url + path, { redirect: 'manual' }) };
  },
  Hono: async () => {
    const live = page('/ops/live');
    const app = new Hono();
    app.all('/ops/live/*', (c) => live.fetch(c.req.raw));
    return overFetch((request) => app.fetch(request));
  },
  'the mount of Hono, which takes the path off': async () => {
    const app = new Hono();
    app.mount('/ops/live', page('/elsewhere').fetch);
    return overFetch((request) => app.fetch(request));
  },
  'a server of node:http': async () => {
    const live = page('/ops/live');
    const { url } = await listen((req, res) => live.middleware(req, res));
    return { get: (path) => fetch(url + path, { redirect: 'manual' }) };
  },
  'a server of node:http2': async () => {
    const live = page('/ops/live');
    const server = createHttp2Server((req, res) => live.middleware(req, res));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    afterwards(() => {
      session.destroy();
      server.close();
    });
    return { get: (path) => overHttp2(session, path) };
  },
  'a fetch handler': async () => {
    const live = page('/ops/live');
    return overFetch((request) => live.match(request) ?? new Response('app', { status: 404 }));
  },
};

test.each(Object.entries(mounts))(
  'in %s it is at the path that it was given',
  async (name, mount) => {
    const { get } = await mount();
    const html = await get('/ops/live/');
    expect(html.status).toBe(200);
    expect(html.headers.get('Content-Type')).toBe('text/html; charset=utf-8');
    expect(await html.text()).toContain('<script type="module" src="page.js">');
    const script = await get('/ops/live/page.js');
    expect(script.headers.get('Content-Type')).toContain('text/javascript');
    await script.body?.cancel();
    if (!name.includes('takes the path off')) {
      const bare = await get('/ops/live');
      expect([bare.status, bare.headers.get('Location')]).toEqual([308, './live/']);
      await bare.body?.cancel();
    }
    const elsewhere = await get('/ops/other');
    expect(elsewhere.status).toBe(404);
    await elsewhere.body?.cancel();
    const stream = await get('/ops/live/events');
    expect(stream.headers.get('Content-Type')).toBe('text/event-stream');
    if (stream.body === null) throw new Error('a body was expected');
    const events = eventsOf(stream.body);
    const first = await events.next();
    // Its own streams are no holds, whatever engine looks after them.
    expect(first).toMatchObject({ name: 'whole', data: { totals: { holds: 0, watchers: 1 } } });
    expect((await events.next())?.name).toBe('change');
    await events.stop();
  },
);

test('authorize finds what a login has left on the request of the framework', async () => {
  const app = express();
  app.use((req, _res, next) => {
    Object.assign(req, { user: req.headers.authorization });
    next();
  });
  const live = createLivePage({
    authorize: (request) => Reflect.get(incomingOf(request) ?? {}, 'user') === 'operator',
  });
  afterwards(() => live.close());
  app.use('/live', live.middleware);
  const { url } = await listen(app);
  expect((await fetch(`${url}/live/`)).status).toBe(403);
  const known = await fetch(`${url}/live/`, { headers: { Authorization: 'operator' } });
  expect(known.status).toBe(200);
});

test('a drain is told of and, when it is over, ends the streams, so that the server can close', async () => {
  const live = page();
  const { url } = await listen((req, res) => live.middleware(req, res));
  const stream = await fetch(`${url}/live/events`);
  if (stream.body === null) throw new Error('a body was expected');
  const events = eventsOf(stream.body);
  await events.next();
  afterwards(() => registry.reopen());
  await drain({ timeoutMs: 100 });
  const phases: unknown[] = [];
  for (;;) {
    const next = await events.next();
    if (next === undefined) break;
    phases.push((next.data.totals as { phase?: unknown }).phase);
  }
  expect(phases.at(-1)).toBe('drained');
});
