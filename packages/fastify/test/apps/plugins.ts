import compress from '@fastify/compress';
import cookie from '@fastify/cookie';
import cors from '@fastify/cors';
import etag from '@fastify/etag';
import helmet from '@fastify/helmet';
import session from '@fastify/session';
import { fastifySSE } from '@fastify/sse';
import fastifyPlugin from 'fastify-plugin';
import { type DocumentedApp, get } from './app.js';

const ORIGIN = { Origin: 'http://a.example' };

export const plugins: readonly DocumentedApp[] = [
  {
    title: 'Plugins: fastify-plugin, encapsulation and decorators',
    build: (app) => {
      app.register(
        fastifyPlugin(async (instance) => {
          instance.decorate('shared', 'yes');
          instance.addHook(
            'onRequest',
            async (_request, reply) => void reply.header('x-outer', '1'),
          );
        }),
      );
      app.register(async (child) => {
        child.addHook('onRequest', async (_request, reply) => void reply.header('x-inner', '1'));
        child.get('/inner', async () => ({ shared: Reflect.get(child, 'shared') }));
      });
      app.get('/outer', async () => ({ shared: Reflect.get(app, 'shared') }));
    },
    asks: [get('/inner'), get('/outer')],
  },
  {
    title: '@fastify/cors',
    build: async (app) => {
      await app.register(cors, { origin: true, credentials: true, exposedHeaders: ['x-a'] });
      app.get('/', async (_request, reply) => {
        reply.header('x-a', '1');
        return { a: 1 };
      });
    },
    asks: [
      get('/', ORIGIN),
      get('/'),
      {
        method: 'OPTIONS',
        path: '/',
        headers: { ...ORIGIN, 'Access-Control-Request-Method': 'GET' },
      },
    ],
  },
  {
    title: '@fastify/compress',
    build: async (app) => {
      await app.register(compress, { threshold: 1 });
      app.get('/', async () => ({ long: 'x'.repeat(2_000) }));
    },
    asks: [
      get('/', { 'Accept-Encoding': 'gzip' }),
      get('/'),
      get('/', { 'Accept-Encoding': 'br' }),
    ],
  },
  {
    title: '@fastify/etag',
    build: async (app) => {
      await app.register(etag);
      app.get('/', async () => ({ a: 1 }));
    },
    asks: [
      get('/'),
      get('/', { 'If-None-Match': '"FKs3G+oWGGwpTbEOp1QVXXn/yUM="' }),
      get('/', { 'If-None-Match': '*' }),
    ],
  },
  {
    title: '@fastify/helmet',
    build: async (app) => {
      await app.register(helmet);
      app.get('/', async () => ({ a: 1 }));
    },
    asks: [get('/')],
  },
  {
    title: '@fastify/cookie',
    build: async (app) => {
      await app.register(cookie, { secret: 'a secret' });
      app.get('/', async (request, reply) => {
        reply.setCookie('one', '1', { path: '/', httpOnly: true });
        reply.setCookie('two', '2', { signed: true });
        reply.clearCookie('three');
        return request.cookies;
      });
    },
    asks: [get('/', { Cookie: 'a=1; b=2' })],
  },
  {
    title: '@fastify/session',
    build: async (app) => {
      await app.register(cookie);
      await app.register(session, {
        secret: 'a secret that is long enough for it',
        cookie: { secure: false },
        idGenerator: () => 'always-the-same',
      });
      app.get('/', async (request) => {
        Reflect.set(request.session, 'visits', 1);
        return { visits: 1 };
      });
    },
    asks: [get('/')],
  },
  {
    title: '@fastify/sse',
    build: async (app) => {
      await app.register(fastifySSE);
      app.get('/', { sse: true }, async (_request, reply) => {
        await reply.sse.send({ id: '1', event: 'update', data: { a: 1 } });
        await reply.sse.send({ data: 'two\nlines' });
      });
      app.get('/dual', { sse: 'dual' }, async () => ({ not: 'a stream' }));
    },
    asks: [
      get('/', { Accept: 'text/event-stream' }),
      get('/dual'),
      get('/dual', { Accept: '*/*' }),
    ],
    keepsAlive: true,
  },
];
