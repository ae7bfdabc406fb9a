import createError from '@fastify/error';
import { type DocumentedApp, get, post } from './app.js';

const Teapot = createError('FST_TEAPOT', 'I am a teapot, not %s', 418);

export const failures: readonly DocumentedApp[] = [
  {
    title: 'Errors: thrown, rejected and sent',
    build: (app) => {
      app.get('/thrown', () => {
        throw new Error('thrown');
      });
      app.get('/rejected', async () => {
        throw new Error('rejected');
      });
      app.get('/sent', (_request, reply) => {
        reply.send(new Error('sent'));
      });
      app.get('/returned', async () => new Error('returned'));
    },
    asks: [get('/thrown'), get('/rejected'), get('/sent'), get('/returned')],
  },
  {
    title: 'Errors: with a status, a code and headers',
    build: (app) => {
      app.get('/', async () => {
        throw Object.assign(new Error('slow down'), {
          statusCode: 429,
          code: 'TOO_MANY',
          headers: { 'retry-after': '7' },
        });
      });
      app.get('/teapot', async () => {
        throw new Teapot('a kettle');
      });
      app.get('/coded', (_request, reply) => {
        reply.code(503).send(new Error('not now'));
      });
    },
    asks: [get('/'), get('/teapot'), get('/coded')],
  },
  {
    title: 'Errors: something that is no Error',
    build: (app) => {
      app.get('/string', async () => {
        throw 'a string';
      });
      app.get('/object', async () => {
        throw { statusCode: 409, message: 'an object' };
      });
      app.get('/null', async () => {
        throw null;
      });
    },
    asks: [get('/string'), get('/object'), get('/null')],
  },
  {
    title: 'Server: setErrorHandler',
    build: (app) => {
      app.setErrorHandler((error: Error, request, reply) => {
        request.log.warn(error.message);
        reply.code(409).send({ told: error.message });
      });
      app.get('/', async () => {
        throw new Error('handled');
      });
    },
    asks: [get('/')],
  },
  {
    title: 'Server: an async error handler for each context',
    build: (app) => {
      app.setErrorHandler(async (error: Error) => ({ outer: error.message }));
      app.register(async (child) => {
        child.setErrorHandler(async (error: Error, _request, reply) => {
          if (error.message === 'outer') throw error;
          reply.code(422);
          return { inner: error.message };
        });
        child.get('/inner', async () => {
          throw new Error('inner');
        });
        child.get('/outer', async () => {
          throw new Error('outer');
        });
      });
    },
    asks: [get('/inner'), get('/outer')],
  },
  {
    title: 'Server: an error handler that fails itself',
    build: (app) => {
      app.setErrorHandler(() => {
        throw new Error('the handler failed');
      });
      app.get('/', async () => {
        throw new Error('first');
      });
    },
    asks: [get('/')],
  },
  {
    title: 'Routes: an error handler of one route',
    build: (app) => {
      app.get(
        '/',
        { errorHandler: (error, _request, reply) => void reply.code(400).send(error.message) },
        async () => {
          throw new Error('of the route');
        },
      );
    },
    asks: [get('/')],
  },
  {
    title: 'Server: setNotFoundHandler for each prefix',
    build: (app) => {
      app.setNotFoundHandler(
        { preHandler: (_request, _reply, done) => done() },
        (_request, reply) => {
          reply.code(404).send({ nobody: 'here' });
        },
      );
      app.register(
        async (v1) => {
          v1.setNotFoundHandler(async (_request, reply) => {
            reply.code(404);
            return { nobody: 'in v1' };
          });
          v1.get('/there', async (_request, reply) => reply.callNotFound());
        },
        { prefix: '/v1' },
      );
    },
    asks: [get('/nowhere'), get('/v1/nowhere'), get('/v1/there'), post('/nowhere', '{}')],
  },
  {
    title: 'Errors: bad URLs, bodies and media types',
    build: (app) => {
      app.post('/', { bodyLimit: 20 }, async ({ body }) => ({ body }));
    },
    asks: [
      get('/%E0%A4%A'),
      post('/', '{"a":'),
      post('/', ''),
      post('/', '<a/>', { 'Content-Type': 'application/xml' }),
      post('/', '{"far": "too long for this limit"}'),
      post('/', '{"__proto__":{"a":1}}'),
    ],
    alone: true,
  },
  {
    title: 'Errors: a client error before there is a request',
    build: (app) => {
      app.get('/', async () => ({}));
    },
    asks: [{ method: 'GET', path: '/', headers: { 'Content-Length': 'x' } }],
    unwatched: true,
  },
  {
    title: 'Errors: sent twice',
    build: (app) => {
      app.get('/', (_request, reply) => {
        reply.send({ first: true });
        reply.send({ second: true });
      });
      app.get('/thrown', async (_request, reply) => {
        reply.send({ first: true });
        throw new Error('after the reply');
      });
    },
    asks: [get('/'), get('/thrown')],
  },
];
