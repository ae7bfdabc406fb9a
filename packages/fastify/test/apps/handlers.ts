import { type DocumentedApp, get, post, tick } from './app.js';

export const handlers: readonly DocumentedApp[] = [
  {
    title: 'Getting started: a first server',
    build: (app) => {
      app.get('/', (_request, reply) => {
        reply.send({ hello: 'world' });
      });
    },
    asks: [get('/'), get('/nowhere'), { method: 'POST', path: '/' }, { method: 'HEAD', path: '/' }],
  },
  {
    title: 'Getting started: async and await',
    build: (app) => {
      app.get('/', async () => {
        await tick();
        return { hello: 'world' };
      });
    },
    asks: [get('/'), get('/', { Accept: 'application/json' })],
  },
  {
    title: 'Getting started: a first plugin',
    build: (app) => {
      app.register(async (instance) => {
        instance.get('/', async () => ({ hello: 'plugin' }));
      });
    },
    asks: [get('/')],
  },
  {
    title: 'Routes: the full declaration with a schema',
    build: (app) => {
      app.route({
        method: 'GET',
        url: '/',
        schema: {
          querystring: {
            type: 'object',
            properties: { name: { type: 'string' }, excitement: { type: 'integer' } },
          },
          response: { 200: { type: 'object', properties: { hello: { type: 'string' } } } },
        },
        handler(request, reply) {
          const { name } = request.query as { name?: string };
          reply.send({ hello: name ?? 'world', secret: 'not in the schema' });
        },
      });
    },
    asks: [get('/'), get('/?name=bob&excitement=3'), get('/?excitement=much')],
  },
  {
    title: 'Routes: several methods and a shared handler',
    build: (app) => {
      app.route({
        method: ['GET', 'DELETE'],
        url: '/',
        handler: async ({ method }) => ({ method }),
      });
      app.all('/all', async ({ method }) => ({ method }));
    },
    asks: [get('/'), { method: 'DELETE', path: '/' }, { method: 'PUT', path: '/all' }],
  },
  {
    title: 'Routes: parameters, wildcards and regular expressions',
    build: (app) => {
      app.get('/example/:userId', async ({ params }) => params);
      app.get('/example/:userId/:secretToken', async ({ params }) => params);
      app.get('/files/*', async ({ params }) => params);
      app.get('/at/:hour(^\\d{2})h:minute(^\\d{2})m', async ({ params }) => params);
    },
    asks: [get('/example/1'), get('/example/1/%C3%BC'), get('/files/a/b'), get('/at/08h30m')],
  },
  {
    title: 'Routes: async with reply.send and return reply',
    build: (app) => {
      app.get('/', async (_request, reply) => {
        setImmediate(() => reply.send({ hello: 'later' }));
        return reply;
      });
      app.get('/await', async (_request, reply) => {
        setImmediate(() => reply.send({ hello: 'awaited' }));
        await reply;
      });
    },
    asks: [get('/'), get('/await')],
  },
  {
    title: 'Routes: a prefix, a version and a host',
    build: (app) => {
      app.register(
        async (v1) => {
          v1.get('/user', async () => ({ version: 1 }));
          v1.get('/', async () => ({ version: 'root' }));
        },
        { prefix: '/v1' },
      );
      app.get('/', { constraints: { version: '1.2.0' } }, async () => ({ version: '1.2' }));
      app.get('/host', { constraints: { host: 'localhost' } }, async () => ({ host: true }));
    },
    asks: [
      get('/v1/user'),
      get('/v1'),
      get('/v1/'),
      get('/', { 'Accept-Version': '1.x' }),
      get('/host'),
      get('/'),
    ],
  },
  {
    title: 'Routes: config',
    build: (app) => {
      const handler = async (request: { routeOptions: { config: unknown } }) =>
        request.routeOptions.config;
      app.get('/en', { config: { output: 'hello world!' } as object }, handler);
      app.get('/it', handler);
    },
    asks: [get('/en'), get('/it')],
  },
  {
    title: 'Reply: code, header, type and redirect',
    build: (app) => {
      app.get('/', (_request, reply) => {
        reply
          .code(201)
          .header('X-One', '1')
          .headers({ 'x-two': '2', 'set-cookie': ['a=1', 'b=2'] })
          .type('application/json; charset=utf-8')
          .send('{"made":true}');
      });
      app.get('/redirect', (_request, reply) => reply.redirect('/home'));
      app.get('/see', (_request, reply) => reply.redirect('/other', 303));
      app.get('/not-found', (_request, reply) => reply.callNotFound());
    },
    asks: [get('/'), get('/redirect'), get('/see'), get('/not-found')],
  },
  {
    title: 'Reply: strings, null, undefined, numbers and booleans',
    build: (app) => {
      app.get('/string', (_request, reply) => reply.send('plain'));
      app.get('/json-string', (_request, reply) => reply.type('application/json').send('"text"'));
      app.get('/null', (_request, reply) => reply.send(null));
      app.get('/undefined', (_request, reply) => reply.send());
      app.get('/number', (_request, reply) => reply.send(5));
      app.get('/boolean', async () => false);
      app.get('/empty', async () => '');
      app.get('/array', async () => [1, 'two', null]);
    },
    asks: ['string', 'json-string', 'null', 'undefined', 'number', 'boolean', 'empty', 'array'].map(
      (name) => get(`/${name}`),
    ),
  },
  {
    title: 'Reply: statuses without a body',
    build: (app) => {
      app.delete('/204', async (_request, reply) => reply.code(204).send());
      app.get('/204-with', async (_request, reply) => reply.code(204).send({ gone: true }));
      app.get('/304', async (_request, reply) => reply.code(304).send());
      app.get('/205', async (_request, reply) => reply.code(205).send());
    },
    asks: [{ method: 'DELETE', path: '/204' }, get('/204-with'), get('/304'), get('/205')],
  },
  {
    title: 'Reply: then, sent and elapsedTime',
    build: (app) => {
      app.get('/', (_request, reply) => {
        reply.then(
          () => {},
          () => {},
        );
        reply.header('x-sent', String(reply.sent)).send({ has: reply.hasHeader('x-sent') });
      });
    },
    asks: [get('/')],
  },
  {
    title: 'Reply: a serializer of its own',
    build: (app) => {
      app.get('/', (_request, reply) => {
        reply
          .header('Content-Type', 'application/json')
          .serializer((payload: { n: number }) => `{"n":${payload.n * 2}}`)
          .send({ n: 21 });
      });
      app.register(async (instance) => {
        instance.setReplySerializer((payload, status) => JSON.stringify({ status, payload }));
        instance.get('/wrapped', async () => ({ a: 1 }));
      });
    },
    asks: [get('/'), get('/wrapped')],
  },
  {
    title: 'Request: what it knows',
    build: (app) => {
      app.post('/:id', async ({ body, query, params, method, url, is404, hostname, protocol }) => ({
        body,
        query,
        params,
        method,
        url,
        is404,
        hostname,
        protocol,
      }));
    },
    asks: [post('/7?a=1&b=2', '{"c":3}')],
  },
];
