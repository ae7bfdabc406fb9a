// hono.dev/docs/api: routing, context, request, exceptions.
import { Hono } from 'hono';
import { html, raw } from 'hono/html';
import { HTTPException } from 'hono/http-exception';
import { type DocumentedApp, get, send } from './app.js';

export const ANSWERS: DocumentedApp[] = [
  {
    title: 'c.text',
    build: (app) => void app.get('/', (c) => c.text('Hello!')),
    requests: [get('/')],
  },
  {
    title: 'c.json',
    build: (app) => void app.get('/api', (c) => c.json({ message: 'Hällo!' })),
    requests: [get('/api'), get('/api', { Accept: 'application/json' })],
  },
  {
    title: 'c.html',
    build: (app) => void app.get('/', (c) => c.html('<h1>Hello! Hono!</h1>')),
    requests: [get('/')],
  },
  {
    title: 'hono/html',
    build: (app) =>
      void app.get('/:name', (c) =>
        c.html(
          html`<h1>${c.req.param('name')} ${raw('<b>!</b>')} ${Promise.resolve('later')}</h1>`,
        ),
      ),
    requests: [get('/a%3Cb')],
  },
  {
    title: 'c.body with headers',
    build(app) {
      app.get('/welcome', (c) => {
        c.header('X-Message', 'Hello!');
        c.header('Content-Type', 'text/plain');
        c.status(201);
        return c.body('Thank you for coming');
      });
      app.get('/bytes', (c) => c.body(new Uint8Array([0, 255, 10]).buffer));
    },
    requests: [get('/welcome'), get('/bytes')],
  },
  {
    title: 'c.body of a stream',
    build: (app) => void app.get('/', (c) => c.body(new Blob(['a', 'b']).stream())),
    requests: [get('/')],
  },
  {
    title: 'c.notFound',
    build: (app) => void app.get('/', (c) => c.notFound()),
    requests: [get('/'), get('/elsewhere')],
  },
  {
    title: 'c.redirect',
    build(app) {
      app.get('/redirect', (c) => c.redirect('/'));
      app.get('/permanently', (c) => c.redirect('/ä', 301));
    },
    requests: [get('/redirect'), get('/permanently')],
  },
  {
    title: 'bodies that are none',
    build(app) {
      app.delete('/204', (c) => c.body(null, 204));
      app.get('/304', (c) => c.body(null, 304));
      app.get('/null', (c) => c.body(null));
      app.get('/new', () => new Response());
    },
    requests: [{ method: 'DELETE', path: '/204' }, get('/304'), get('/null'), get('/new')],
  },
  {
    title: 'Response objects',
    build(app) {
      app.get('/', () => new Response('Good morning!'));
      app.get('/json', () => Response.json([1], { status: 203, headers: { 'X-A': 'b' } }));
      app.get('/redirect', () => Response.redirect('http://localhost/other', 307));
      app.get(
        '/headers',
        () =>
          new Response('x', {
            headers: [
              ['Set-Cookie', 'a=1'],
              ['Set-Cookie', 'b=2'],
            ],
          }),
      );
      app.get('/blob', () => new Response(new Blob(['blob'], { type: 'text/x' })));
      app.get('/form', () => new Response(new URLSearchParams({ a: '1' })));
    },
    requests: ['/', '/json', '/redirect', '/headers', '/blob', '/form'].map((path) => get(path)),
  },
  {
    title: 'a Response of fetch, passed on',
    build: (app) => void app.get('/', () => fetch('data:application/json,{"a":1}')),
    requests: [get('/')],
  },
  {
    title: 'c.res changed after next()',
    build(app) {
      app.use(async (c, next) => {
        await next();
        c.res.headers.append('X-Debug', 'Debug message');
        c.header('X-After', '1');
      });
      app.get('/', (c) => c.json({}));
    },
    requests: [get('/')],
  },
  {
    title: 'c.res replaced after next()',
    build(app) {
      app.use(async (c, next) => {
        await next();
        c.res = new Response('New Response', c.res);
        c.res = undefined as never;
        c.res = new Response('Newer');
      });
      app.get('/', (c) => c.json({}));
    },
    requests: [get('/')],
  },
  {
    title: 'c.set and c.get',
    build(app) {
      app.use(async (c, next) => {
        c.set('message' as never, 'Hono is hot!!' as never);
        await next();
      });
      app.get('/', (c) => c.text(`The message is "${c.get('message' as never)}"`));
    },
    requests: [get('/')],
  },
  {
    title: 'c.render and c.setRenderer',
    build(app) {
      app.use(async (c, next) => {
        c.setRenderer((content) => c.html(`<html><body><p>${content}</p></body></html>`));
        await next();
      });
      app.get('/', (c) => c.render('Hello!'));
    },
    requests: [get('/')],
  },
  {
    title: 'path parameters',
    build(app) {
      app.get('/user/:name', (c) => c.text(c.req.param('name')));
      app.get('/posts/:id/comment/:comment', (c) => c.json(c.req.param()));
      app.get('/api/animal/:type?', (c) => c.text(`Animal ${c.req.param('type')}`));
      app.get('/post/:date{[0-9]+}/:title{[a-z]+}', (c) => c.json(c.req.param()));
      app.get('/wild/*/card', (c) => c.text(c.req.path));
    },
    requests: [
      '/user/a%20b',
      '/posts/1/comment/2',
      '/api/animal',
      '/api/animal/cat',
      '/post/2020/title',
      '/post/x/y',
      '/wild/a/card',
    ].map((path) => get(path)),
  },
  {
    title: 'several methods and paths',
    build(app) {
      app.on('PURGE', '/cache', (c) => c.text('PURGE Method /cache'));
      app.on(['PUT', 'DELETE'], '/post', (c) => c.text(c.req.method));
      app.on('GET', ['/hello', '/ja/hello'], (c) => c.text('Hello'));
      app.all('/all', (c) => c.text('Any Method'));
      app.get('/endpoint', (c) => c.text('GET')).post((c) => c.text('POST'));
    },
    requests: [
      { method: 'PURGE', path: '/cache' },
      { method: 'PUT', path: '/post' },
      { method: 'DELETE', path: '/post' },
      get('/ja/hello'),
      { method: 'PATCH', path: '/all' },
      { method: 'POST', path: '/endpoint' },
      { method: 'PUT', path: '/endpoint' },
      { method: 'HEAD', path: '/hello' },
      { method: 'OPTIONS', path: '/all' },
    ],
  },
  {
    title: 'grouping by route()',
    build(app) {
      const book = new Hono();
      book.get('/', (c) => c.text('List Books'));
      book.get('/:id', (c) => c.text(`Get Book: ${c.req.param('id')}`));
      app.route('/book', book);
    },
    requests: [get('/book'), get('/book/1'), get('/book/')],
  },
  {
    title: 'a sub-app with its own onError and notFound',
    build(app) {
      const api = new Hono();
      api.get('/throws', () => {
        throw new Error('why');
      });
      api.onError((error, c) => c.json({ error: error.message }, 500));
      api.notFound((c) => c.text('never asked', 404));
      app.route('/api', api);
      app.notFound((c) => c.json({ lost: c.req.path }, 404));
    },
    requests: [get('/api/throws'), get('/api/lost'), get('/lost')],
  },
  {
    title: 'basePath',
    build(app) {
      const api = app.basePath('/api');
      api.get('/book', (c) => c.text('List Books'));
    },
    requests: [get('/api/book'), get('/book')],
  },
  {
    title: 'routing priority and a fallback',
    build(app) {
      app.get('/book/a', (c) => c.text('a'));
      app.get('/book/:slug', (c) => c.text('common'));
      app.get('*', (c) => c.text('fallback', 404));
    },
    requests: [get('/book/a'), get('/book/b'), get('/x')],
  },
  {
    title: 'a handler that passes on',
    build(app) {
      app.get('/a', async (_c, next) => await next());
      app.get('/a', (c) => c.text('second'));
      app.get('/b', async (_c, next) => await next());
    },
    requests: [get('/a'), get('/b')],
  },
  {
    title: 'handlers that give nothing',
    build(app) {
      app.get('/nothing', (() => {}) as never);
      app.get('/later', (async () => {}) as never);
      app.get('/null', (() => null) as never);
    },
    requests: [get('/nothing'), get('/later'), get('/null')],
  },
  {
    title: 'queries',
    build: (app) =>
      void app.get('/search', (c) => c.json([c.req.query(), c.req.queries('tag'), c.req.url])),
    requests: [get('/search?q=a%26b&tag=1&tag=2')],
  },
  {
    title: 'request bodies',
    build(app) {
      app.post('/json', async (c) => c.json(await c.req.json()));
      app.post('/text', async (c) => c.text(await c.req.text()));
      app.post('/form', async (c) => c.json(await c.req.parseBody()));
      app.post('/bytes', async (c) => c.text(String((await c.req.arrayBuffer()).byteLength)));
      app.post('/twice', async (c) => c.text((await c.req.text()) + (await c.req.text())));
      app.post('/unread', (c) => c.text('unread'));
      app.post('/raw', (c) => new Response(c.req.raw.body as ReadableStream | null));
    },
    requests: [
      send('POST', '/json', 'application/json', '{"a":[1]}'),
      send('POST', '/json', 'application/json', '{"a":'),
      send('POST', '/text', 'text/plain', 'täxt'),
      send('POST', '/form', 'application/x-www-form-urlencoded', 'a=1&b=2'),
      send('POST', '/bytes', 'application/octet-stream', 'abc'),
      send('POST', '/twice', 'text/plain', 'ab'),
      send('POST', '/unread', 'text/plain', 'ab'),
      send('POST', '/raw', 'text/plain', 'abc'),
    ],
  },
  {
    title: 'request headers',
    build: (app) =>
      void app.get('/', (c) => c.json([c.req.header('X-Foo'), c.req.header('X-Bar') ?? null])),
    requests: [get('/', { 'X-Foo': 'a, b' })],
  },
  {
    title: 'HTTPException',
    build(app) {
      app.get('/401', () => {
        throw new HTTPException(401, { message: 'Custom error message' });
      });
      app.get('/res', () => {
        const res = new Response('Unauthorized', {
          status: 401,
          headers: { 'WWW-Authenticate': 'error="invalid_token"' },
        });
        throw new HTTPException(401, { res });
      });
    },
    requests: [get('/401'), get('/res')],
  },
  {
    title: 'onError',
    build(app) {
      app.get('/', async () => {
        throw new Error('why');
      });
      app.onError((error, c) => c.text(`Custom: ${error.message}`, 500));
    },
    requests: [get('/')],
  },
  {
    title: 'errors nobody handles',
    build(app) {
      app.get('/sync', () => {
        throw new Error('why');
      });
      app.get('/async', async () => {
        throw new TypeError('why');
      });
    },
    requests: [get('/sync'), get('/async')],
  },
  {
    title: 'a thrown string',
    onlyNode: true,
    build(app) {
      app.get('/', () => {
        throw 'why';
      });
    },
    requests: [get('/')],
  },
  {
    title: 'c.error in middleware',
    build(app) {
      app.use(async (c, next) => {
        await next();
        if (c.error) c.header('X-Error', c.error.message);
      });
      app.get('/', () => {
        throw new Error('why');
      });
    },
    requests: [get('/')],
  },
  {
    title: 'mount()',
    build(app) {
      app.mount('/other', (request: Request) => new Response(new URL(request.url).pathname));
      const inner = new Hono();
      inner.get('/a', (c) => c.json({ inner: c.req.path }));
      app.mount('/inner', inner.fetch);
    },
    requests: [get('/other/x'), get('/inner/a'), get('/inner/lost')],
  },
];
