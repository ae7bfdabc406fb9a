// What metrics, journal and page call a route, in real applications.
import type { RequestListener } from 'node:http';
import { holdOpen as expressHoldOpen } from '@holdopen/express';
import { holdOpen as fastifyHoldOpen } from '@holdopen/fastify';
import { holdOpen as fetchHoldOpen } from '@holdopen/fetch';
import { holdOpen as honoHoldOpen } from '@holdopen/hono';
import { holdOpen as nodeHoldOpen } from '@holdopen/node';
import { serve as serveHono } from '@hono/node-server';
import express, { type RequestHandler } from 'express';
import express4 from 'express-4';
import fastify from 'fastify';
import { Hono } from 'hono';
import { describe, expect, onTestFinished, test } from 'vitest';
import { RouteLabels } from '../src/route.js';
import { recordHolds, told } from './support/record.js';
import { ask, listening, QUICK, serve } from './support/serve.js';

const slowly: RequestHandler = async (req, res) => {
  await told(req);
  res.json({ done: true });
};

/** What the hold of a request is called, at its start and at its end, and why another passes. */
async function namesOf(url: string, labels = new RouteLabels()): Promise<string[]> {
  const events = recordHolds();
  await ask(url);
  await ask(url, { headers: { accept: 'image/png' } });
  const names = events.map((event) => {
    const { method, route } = labels.of(
      event.type === 'untouched' ? event : event.hold,
      event.request,
    );
    return `${method} ${route}`;
  });
  return [...new Set(names)];
}

describe.each([
  ['Express 5', express],
  ['Express 4', express4],
])('%s', (_version, create) => {
  const app = create().use(expressHoldOpen(QUICK));
  const inner = create.Router().get('/items/:item', slowly);
  app.get('/users/:user/reports', slowly);
  app.get(/^\/by\/(.*)$/, slowly);
  app.get(['/one', '/two'], slowly);
  app.use('/before', create.Router().get('/other', slowly));
  app.use('/api/v1', create.Router().use('/deep', inner));
  app.use('/tenants/:tenant', inner);
  app.use(/^\/people\/\w+/, inner);
  app.use('/admin', create().use('/deep', create.Router().get('/:page', slowly)));
  app.use('/after', create.Router().get('/other', slowly));

  test.each([
    ['/users/ann/reports?of=1', 'GET /users/:user/reports'],
    ['/by/ann', 'GET /^\\/by\\/(.*)$/'],
    ['/two', 'GET /one, /two'],
    ['/api/v1/deep/items/7', 'GET /api/v1/deep/items/:item'],
    ['/API/V1/deep/items/7', 'GET /api/v1/deep/items/:item'],
    ['/admin/deep/users', 'GET /admin/deep/:page'],
  ])('%s is %s', async (path, name) => {
    expect(await namesOf((await serve(app)) + path)).toEqual([name]);
  });

  test('where a router is mounted with parameters their values are not told', async () => {
    const origin = await serve(app);
    for (const mount of ['/tenants/ann', '/people/ann']) {
      const [name] = await namesOf(`${origin}${mount}/items/7`);
      expect(name).toMatch(/^GET (.*)\/items\/:item$/);
      expect(name).not.toMatch(/ann|7/);
    }
  });

  test('what other requests do meanwhile changes no name', async () => {
    const origin = await serve(app);
    const names = namesOf(`${origin}/api/v1/deep/items/7`);
    const others = ['/before/other', '/after/other', '/api/v2/x', '/'].map((path) =>
      fetch(origin + path),
    );
    await Promise.all(others);
    expect(await names).toContain('GET /api/v1/deep/items/:item');
  });

  test('an app that is wrapped as a listener has its patterns all the same', async () => {
    const bare = create().use('/api', create.Router().get('/:id', slowly));
    const origin = await serve(nodeHoldOpen(bare, QUICK));
    expect(await namesOf(`${origin}/api/7`)).toEqual(['GET /api/:id']);
  });
});

describe('Fastify', () => {
  test('has the pattern with its prefix, and nothing for what it does not know', async () => {
    const app = fastify();
    await app.register(fastifyHoldOpen, QUICK);
    app.register(
      async (inner) => {
        inner.get('/items/:item', async ({ raw }) => {
          await told(raw);
          return { done: true };
        });
      },
      { prefix: '/api/:tenant' },
    );
    app.setNotFoundHandler(async ({ raw }) => {
      await told(raw);
      return {};
    });
    await app.ready();
    const origin = await listening(app.server);
    expect(await namesOf(`${origin}/api/ann/items/7`)).toEqual(['GET /api/:tenant/items/:item']);
    expect(await namesOf(`${origin}/of/ann`)).toEqual(['GET other']);
  });
});

describe('Hono', () => {
  function build(): Hono {
    const app = new Hono();
    app.use('/api/*', async (_c, next) => next());
    const inner = new Hono().get('/items/:item', async (c) => {
      const { incoming = c.req.raw } = (c.env ?? {}) as { incoming?: object };
      await told(incoming);
      return c.json({ done: true });
    });
    return app.route('/api/:tenant', inner);
  }
  const wanted = ['GET /api/:tenant/items/:item'];

  async function serveApp(app: Pick<Hono, 'fetch'>): Promise<string> {
    let origin = '';
    const server = await new Promise<ReturnType<typeof serveHono>>((resolve) => {
      const made = serveHono({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => {
        origin = `http://127.0.0.1:${port}`;
        resolve(made);
      });
    });
    onTestFinished(() => void server.close());
    return origin;
  }

  test('has the pattern on Node, as middleware and around an app', async () => {
    const app = new Hono().use(honoHoldOpen(QUICK)).route('/', build());
    expect(await namesOf(`${await serveApp(app)}/api/ann/items/7`)).toEqual(wanted);
    const wrapped = honoHoldOpen(build(), QUICK);
    expect(await namesOf(`${await serveApp(wrapped)}/api/ann/items/7`)).toEqual(wanted);
  });

  test('has the pattern where there is nothing but fetch', async () => {
    const app = new Hono().use(honoHoldOpen(QUICK)).route('/', build());
    for (const served of [app, honoHoldOpen(build(), QUICK)]) {
      const events = recordHolds();
      const request = new Request('http://test.example/api/ann/items/7', {
        headers: { accept: 'application/json' },
      });
      await (await served.fetch(request)).text();
      expect(events.map((event) => 'hold' in event && event.hold.route)).toContain(
        '/api/:tenant/items/:item',
      );
    }
  });
});

describe('where there is no framework', () => {
  const slow: RequestListener = async (req, res) => {
    await told(req);
    res.end('{}');
  };

  test('a route is other, and what the option says of the request', async () => {
    const origin = await serve(nodeHoldOpen(slow, QUICK));
    expect(await namesOf(`${origin}/users/7`)).toEqual(['GET other']);
    const labels = new RouteLabels({
      route: (request) => (request as { url: string }).url.replace(/\d+/, ':id'),
    });
    expect(await namesOf(`${origin}/users/7`, labels)).toEqual(['GET /users/:id']);
  });

  test('the option is given the web’s request of a fetch handler, and may fail', async () => {
    const events = recordHolds();
    const handler = fetchHoldOpen(async (request) => {
      await told(request);
      return Response.json({});
    }, QUICK);
    await (await handler(new Request('http://test.example/users/7'))).text();
    const [first] = events;
    const facts = { method: 'GET', route: undefined };
    const path = (request: unknown) => new URL((request as Request).url).pathname.slice(0, 6);
    expect(new RouteLabels({ route: path }).of(facts, first?.request).route).toBe('/users');
    const failing = () => {
      throw new Error('no');
    };
    expect(new RouteLabels({ route: failing }).of(facts, first?.request).route).toBe('other');
  });
});

describe('the number of labels is bounded', () => {
  test('routes beyond the limit are other, and those before it stay', () => {
    const labels = new RouteLabels({ maxRoutes: 2 });
    const names = ['/a', '/b', '/c', '/a', '/d'].map((route) => labels.named(route));
    expect(names).toEqual(['/a', '/b', 'other', '/a', 'other']);
  });

  test('a method that is none of HTTP is _OTHER', () => {
    const label = new RouteLabels().of({ method: 'X'.repeat(5_000), route: '/a' }, undefined);
    expect(label).toEqual({ method: '_OTHER', route: '/a' });
  });

  test('wrong options say what to give', () => {
    expect(() => new RouteLabels({ maxRoutes: -1 })).toThrow(/whole number from 0.*it was -1/);
    expect(() => new RouteLabels({ route: 'x' as never })).toThrow(/must be a function/);
  });
});
