import { Readable, Transform } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type DocumentedApp, get, post, tick } from './app.js';

export const lifecycle: readonly DocumentedApp[] = [
  {
    title: 'Hooks: every hook in its order',
    build: (app) => {
      const order: string[] = [];
      const note =
        (name: string) =>
        (_request: FastifyRequest, _reply: FastifyReply, done: () => void): void => {
          order.push(name);
          done();
        };
      app.addHook('onRequest', note('onRequest'));
      app.addHook('preValidation', note('preValidation'));
      app.addHook('preHandler', note('preHandler'));
      app.addHook('onResponse', (request, _reply, done) => {
        request.log.info(order.splice(0).join(' '));
        done();
      });
      app.addHook('preParsing', (_request, _reply, payload, done) => {
        order.push('preParsing');
        done(null, payload);
      });
      app.addHook('preSerialization', async (_request, _reply, payload) => {
        order.push('preSerialization');
        return payload;
      });
      app.addHook('onSend', async (_request, _reply, payload) => {
        order.push('onSend');
        return payload;
      });
      app.post('/', async () => {
        await tick();
        return { order };
      });
    },
    asks: [post('/', '{}')],
    alone: true,
  },
  {
    title: 'Hooks: onRequest answers',
    build: (app) => {
      app.addHook('onRequest', async (request, reply) => {
        if (request.headers.authorization !== undefined) return;
        reply.code(401).header('www-authenticate', 'Basic');
        return reply.send({ who: 'are you' });
      });
      app.get('/', async () => ({ hello: 'you' }));
    },
    asks: [get('/'), get('/', { Authorization: 'Basic YQ==' })],
  },
  {
    title: 'Hooks: a hook fails',
    build: (app) => {
      app.addHook('preHandler', (request, reply, done) => {
        reply.code(400);
        done(request.url === '/fails' ? new Error('some error') : undefined);
      });
      app.get('/fails', async () => ({}));
      app.get('/', async () => ({ status: 'of the hook' }));
    },
    asks: [get('/fails'), get('/')],
  },
  {
    title: 'Hooks: preParsing changes the stream',
    build: (app) => {
      app.addHook('preParsing', async (_request, _reply, payload) => {
        const upper = new Transform({
          transform: (chunk, _encoding, done) => done(null, String(chunk).toUpperCase()),
        });
        return Object.assign(payload.pipe(upper), { receivedEncodedLength: 0 });
      });
      app.post('/', async ({ body }) => body);
    },
    asks: [post('/', '{"a":"b"}')],
  },
  {
    title: 'Hooks: preSerialization and onSend change the payload',
    build: (app) => {
      app.addHook('preSerialization', async (_request, _reply, payload) => ({ wrapped: payload }));
      app.addHook('onSend', async (_request, reply, payload) => {
        reply.header('x-length', String(payload).length);
        return String(payload).replace('some', 'any');
      });
      app.get('/', async () => ({ some: 'thing' }));
      app.get('/not-found', async (_request, reply) => reply.callNotFound());
    },
    asks: [get('/'), get('/not-found')],
  },
  {
    title: 'Hooks: onSend empties or streams the payload',
    build: (app) => {
      app.addHook('onSend', (request, reply, payload, done) => {
        if (request.url === '/empty') {
          reply.code(304);
          done(null, null);
        } else if (request.url === '/stream') {
          done(null, Readable.from([String(payload)]));
        } else {
          done(new Error('onSend failed'));
        }
      });
      for (const path of ['/empty', '/stream', '/fails']) app.get(path, async () => ({ a: 1 }));
    },
    asks: [get('/empty'), get('/stream'), get('/fails')],
  },
  {
    title: 'Hooks: onError and onResponse',
    build: (app) => {
      app.addHook('onError', async (request, _reply, error) => {
        request.log.warn({ seen: error.message }, 'onError');
      });
      app.addHook('onResponse', async (request, reply) => {
        request.log.info({ status: reply.statusCode }, 'onResponse');
      });
      app.get('/', async () => {
        throw Object.assign(new Error('seen'), { statusCode: 402 });
      });
    },
    asks: [get('/')],
  },
  {
    title: 'Hooks: of one route',
    build: (app) => {
      app.get(
        '/',
        {
          onRequest: [(_request, reply, done) => void done(void reply.header('x-a', '1') as never)],
          preHandler: async (_request, reply) => void reply.header('x-b', '2'),
          onSend: async (_request, reply) => void reply.header('x-c', '3'),
        },
        async () => ({ hooks: 3 }),
      );
    },
    asks: [get('/')],
  },
  {
    title: 'Hooks: onTimeout and onRequestAbort stand by',
    build: (app) => {
      app.addHook('onTimeout', (_request, _reply, done) => done());
      app.addHook('onRequestAbort', (_request, done) => done());
      app.get('/', async () => ({ in: 'time' }));
    },
    asks: [get('/')],
    options: { connectionTimeout: 5_000, requestTimeout: 5_000 },
  },
  {
    title: 'Server: handlerTimeout',
    build: (app) => {
      app.get('/', { handlerTimeout: 5_000 }, async ({ signal }) => ({ aborted: signal.aborted }));
      app.get('/late', { handlerTimeout: 10 }, () => new Promise(() => {}));
    },
    asks: [get('/'), get('/late')],
  },
  {
    title: 'Decorators: of the instance, the request and the reply',
    build: (app) => {
      app.decorate('conf', { db: 'some.db' });
      app.decorateRequest('user', '');
      app.decorateReply('view', function (this: { send(payload: unknown): unknown }, text: string) {
        this.send({ view: text });
      });
      app.addHook('preHandler', async (request) => void Reflect.set(request, 'user', 'bob'));
      app.get('/', (request, reply) => {
        const { view } = reply as unknown as { view(text: string): void };
        view.call(reply, `${Reflect.get(request, 'user')} of ${Reflect.get(app, 'conf').db}`);
      });
    },
    asks: [get('/')],
  },
];
