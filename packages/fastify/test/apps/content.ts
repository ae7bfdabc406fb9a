import { type DocumentedApp, get, JSON_TYPE, post } from './app.js';

const User = {
  $id: 'user',
  type: 'object',
  required: ['name'],
  properties: { name: { type: 'string', minLength: 2 }, age: { type: 'integer', default: 7 } },
};

export const content: readonly DocumentedApp[] = [
  {
    title: 'Validation: body, querystring, params and headers',
    build: (app) => {
      app.addSchema(User);
      app.post('/users', { schema: { body: { $ref: 'user#' } } }, async ({ body }) => body);
      app.get(
        '/users/:id',
        {
          schema: {
            params: { type: 'object', properties: { id: { type: 'integer' } } },
            querystring: { type: 'object', properties: { deep: { type: 'boolean' } } },
            headers: { type: 'object', properties: { 'x-n': { type: 'integer' } } },
          },
        },
        async ({ params, query }) => ({ params, query }),
      );
    },
    asks: [
      post('/users', '{"name":"bob"}'),
      post('/users', '{"name":"b"}'),
      post('/users', '{}'),
      get('/users/7?deep=true'),
      get('/users/seven'),
      get('/users/7', { 'X-N': 'many' }),
    ],
  },
  {
    title: 'Validation: attachValidation and an error formatter',
    build: (app) => {
      app.post('/', { schema: { body: User }, attachValidation: true }, (request, reply) => {
        reply.code(request.validationError === undefined ? 200 : 422).send({
          why: request.validationError?.message ?? null,
        });
      });
      app.register(async (child) => {
        child.setSchemaErrorFormatter((errors) => new Error(`${errors.length} wrong`));
        child.post('/formatted', { schema: { body: { ...User, $id: 'other' } } }, async () => ({}));
      });
    },
    asks: [post('/', '{}'), post('/', '{"name":"bob"}'), post('/formatted', '{}')],
  },
  {
    title: 'Validation: a compiler of its own',
    build: (app) => {
      app.setValidatorCompiler(() => (data) => (data ? { value: { checked: data } } : true));
      app.post('/', { schema: { body: {} } }, async ({ body }) => body);
    },
    asks: [post('/', '{"a":1}')],
  },
  {
    title: 'Serialization: a schema for each status and type',
    build: (app) => {
      const only = (name: string) => ({
        type: 'object',
        properties: { [name]: { type: 'string' } },
      });
      app.get(
        '/:status',
        {
          schema: { response: { '2xx': only('ok'), 404: only('missing'), default: only('other') } },
        },
        async (request, reply) => {
          reply.code(Number((request.params as { status: string }).status));
          return { ok: 'a', missing: 'b', other: 'c' };
        },
      );
    },
    asks: [get('/200'), get('/201'), get('/404'), get('/500')],
  },
  {
    title: 'Serialization: a payload that does not fit its schema',
    build: (app) => {
      const response = {
        200: { type: 'object', required: ['id'], properties: { id: { type: 'string' } } },
      };
      app.get('/', { schema: { response } }, async () => ({}));
      app.setErrorHandler((error: { serialization?: object }, _request, reply) => {
        reply.code(500).send({ serialization: error.serialization !== undefined });
      });
    },
    asks: [get('/')],
  },
  {
    title: 'Content type parser: text, custom and catch-all',
    build: (app) => {
      app.addContentTypeParser('application/jsoff', (_request, payload, done) => {
        let text = '';
        payload.on('data', (chunk) => {
          text += String(chunk);
        });
        payload.on('end', () => done(null, { jsoff: text }));
      });
      app.addContentTypeParser(
        'text/xml',
        { parseAs: 'string' },
        async (_request: unknown, text: string) => ({
          xml: text,
        }),
      );
      app.addContentTypeParser('*', (_request, payload, done) => {
        payload.resume().on('end', () => done(null, { any: true }));
      });
      app.post('/', async ({ body }) => ({ body }));
    },
    asks: [
      post('/', 'jsoff!', { 'Content-Type': 'application/jsoff' }),
      post('/', '<a/>', { 'Content-Type': 'text/xml' }),
      post('/', 'text', { 'Content-Type': 'text/plain' }),
      post('/', 'what', { 'Content-Type': 'a/b' }),
      post('/', '{"a":1}'),
    ],
  },
  {
    title: 'Content type parser: one that fails',
    build: (app) => {
      app.addContentTypeParser('a/b', { parseAs: 'buffer' }, (_request, _body, done) => {
        done(Object.assign(new Error('cannot be read'), { statusCode: 422 }));
      });
      app.post('/', async () => ({}));
    },
    asks: [post('/', 'x', { 'Content-Type': 'a/b' })],
  },
  {
    title: 'Server: routes that differ by case and trailing slash',
    build: (app) => {
      app.get('/foo/', async () => ({ foo: true }));
    },
    asks: [get('/foo'), get('/FOO/'), get('//foo')],
    options: {
      routerOptions: {
        caseSensitive: false,
        ignoreTrailingSlash: true,
        ignoreDuplicateSlashes: true,
      },
    },
  },
  {
    title: 'Server: HEAD routes, exposed and of their own',
    build: (app) => {
      app.get('/', async () => ({ a: 1 }));
      app.head('/own', async (_request, reply) => reply.header('x-own', '1').send());
      app.get('/none', { exposeHeadRoute: false }, async () => ({ a: 1 }));
      app.options('/', async (_request, reply) => reply.header('allow', 'GET').code(204).send());
    },
    asks: [
      { method: 'HEAD', path: '/' },
      { method: 'HEAD', path: '/own' },
      { method: 'HEAD', path: '/none' },
      { method: 'OPTIONS', path: '/' },
    ],
  },
  {
    title: 'Server: request ids, proxies and a query parser',
    build: (app) => {
      app.get('/', async ({ id, ip, host, query }) => ({ id, ip, host, query }));
    },
    asks: [
      get('/?a[]=1', {
        'X-Forwarded-For': '10.0.0.1',
        'X-Forwarded-Host': 'a.example',
        'X-Id': '5',
      }),
    ],
    options: { trustProxy: true, requestIdHeader: 'x-id' },
  },
  {
    title: 'Server: frameworkErrors and rewriteUrl',
    build: (app) => {
      app.get('/there', async () => ({ there: true }));
    },
    asks: [get('/here'), get('/%E0%A4%A')],
    options: {
      rewriteUrl: ({ url = '/' }) => (url === '/here' ? '/there' : url),
      frameworkErrors: (error, _request, reply) => {
        reply.raw.statusCode = 400;
        reply.send({ framework: error.message } as never);
      },
    },
  },
  {
    title: 'Server: proto poisoning and a missing body',
    build: (app) => {
      app.post('/', async ({ body }) => ({ body: body ?? null }));
      app.delete('/', async ({ body }) => ({ body: body ?? null }));
    },
    asks: [
      post('/', '{"__proto__":1,"a":2}'),
      { method: 'POST', path: '/' },
      { method: 'DELETE', path: '/', body: '{"a":1}', headers: JSON_TYPE },
    ],
    options: { onProtoPoisoning: 'remove' },
  },
];
