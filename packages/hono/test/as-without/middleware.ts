// hono.dev/docs/middleware/builtin and hono.dev/docs/helpers.
import { type Context, Hono } from 'hono';
import { accepts } from 'hono/accepts';
import { basicAuth } from 'hono/basic-auth';
import { bearerAuth } from 'hono/bearer-auth';
import { bodyLimit } from 'hono/body-limit';
import { every, except, some } from 'hono/combine';
import { compress } from 'hono/compress';
import { contextStorage, getContext } from 'hono/context-storage';
import { deleteCookie, getCookie, setCookie, setSignedCookie } from 'hono/cookie';
import { cors } from 'hono/cors';
import { csrf } from 'hono/csrf';
import { etag } from 'hono/etag';
import { createFactory } from 'hono/factory';
import { ipRestriction } from 'hono/ip-restriction';
import { jsx } from 'hono/jsx';
import { jsxRenderer } from 'hono/jsx-renderer';
import { jwt, sign } from 'hono/jwt';
import { languageDetector } from 'hono/language';
import { logger } from 'hono/logger';
import { methodOverride } from 'hono/method-override';
import { poweredBy } from 'hono/powered-by';
import { prettyJSON } from 'hono/pretty-json';
import { proxy } from 'hono/proxy';
import { requestId } from 'hono/request-id';
import { routePath } from 'hono/route';
import { secureHeaders } from 'hono/secure-headers';
import { stream, streamSSE, streamText } from 'hono/streaming';
import { timeout } from 'hono/timeout';
import { appendTrailingSlash, trimTrailingSlash } from 'hono/trailing-slash';
import { validator } from 'hono/validator';
import { type DocumentedApp, get, send } from './app.js';

const LONG = 'all work and no play '.repeat(100);
const ORIGIN = { Origin: 'http://example.com' };
const TOKEN = await sign({ sub: 'a', exp: 4_000_000_000 }, 'secret', 'HS256');

export const MIDDLEWARE: DocumentedApp[] = [
  {
    title: 'basicAuth',
    build(app) {
      app.use('/auth/*', basicAuth({ username: 'hono', password: 'acoolproject' }));
      app.get('/auth/page', (c) => c.text('You are authorized'));
    },
    requests: [
      get('/auth/page'),
      get('/auth/page', { Authorization: `Basic ${btoa('hono:acoolproject')}` }),
    ],
  },
  {
    title: 'bearerAuth',
    build(app) {
      app.use('/api/*', bearerAuth({ token: 'honoiscool' }));
      app.get('/api/page', (c) => c.json({ message: 'You are authorized' }));
    },
    requests: [
      get('/api/page'),
      get('/api/page', { Authorization: 'Bearer wrong' }),
      get('/api/page', { Authorization: 'Bearer honoiscool' }),
    ],
  },
  {
    title: 'jwt',
    build(app) {
      app.use('/auth/*', jwt({ secret: 'secret', alg: 'HS256' }));
      app.get('/auth/page', (c) => c.json(c.get('jwtPayload')));
    },
    requests: [get('/auth/page'), get('/auth/page', { Authorization: `Bearer ${TOKEN}` })],
  },
  {
    title: 'bodyLimit',
    build(app) {
      app.post('/', bodyLimit({ maxSize: 5 }), async (c) => c.text(await c.req.text()));
    },
    requests: [send('POST', '/', 'text/plain', 'short'), send('POST', '/', 'text/plain', 'longer')],
  },
  {
    title: 'every, some and except',
    build(app) {
      const token = bearerAuth({ token: 'a' });
      app.use(
        '/some',
        some(token, (c: Context) => c.req.query('open') === '1'),
      );
      app.use('/every', every(token, poweredBy()));
      app.use('/api/*', except('/api/public', token));
      app.get('*', (c) => c.text(c.req.path));
    },
    requests: [
      get('/some'),
      get('/some?open=1'),
      get('/every', { Authorization: 'Bearer a' }),
      get('/every'),
      get('/api/public'),
      get('/api/private'),
    ],
  },
  {
    title: 'compress',
    build(app) {
      app.use(compress());
      app.get('/long', (c) => c.text(LONG));
      app.get('/json', (c) => c.json({ text: LONG }));
      app.get('/short', (c) => c.text('short'));
    },
    requests: ['/long', '/json', '/short'].flatMap((path) => [
      get(path),
      get(path, { 'Accept-Encoding': 'gzip' }),
      get(path, { 'Accept-Encoding': 'deflate' }),
    ]),
  },
  {
    title: 'contextStorage',
    build(app) {
      app.use(contextStorage());
      app.get('/', async (c) => {
        await Promise.resolve();
        return c.text(getContext().req.path);
      });
    },
    requests: [get('/')],
  },
  {
    title: 'cors',
    build(app) {
      app.use('/open/*', cors());
      app.use(
        '/api/*',
        cors({
          origin: 'http://example.com',
          allowHeaders: ['X-Custom-Header'],
          allowMethods: ['POST', 'GET', 'OPTIONS'],
          exposeHeaders: ['Content-Length'],
          maxAge: 600,
          credentials: true,
        }),
      );
      app.all('*', (c) => c.json({ success: true }));
    },
    requests: [
      get('/open/a', ORIGIN),
      get('/api/a', ORIGIN),
      get('/api/a', { Origin: 'http://evil.example' }),
      {
        method: 'OPTIONS',
        path: '/api/a',
        headers: { ...ORIGIN, 'Access-Control-Request-Method': 'POST' },
      },
    ],
  },
  {
    title: 'csrf',
    build(app) {
      app.use(csrf());
      app.post('/', (c) => c.text('done'));
    },
    requests: [
      send('POST', '/', 'application/x-www-form-urlencoded', 'a=1'),
      {
        ...send('POST', '/', 'application/x-www-form-urlencoded', 'a=1'),
        headers: {
          'Content-Type': 'application/x-www-form-urlencoded',
          Origin: 'http://localhost',
        },
      },
    ],
  },
  {
    title: 'etag',
    build(app) {
      app.use(etag());
      app.get('/foo', (c) => c.text('Hono is hot'));
      app.get('/own', (c) => c.json({}, 200, { ETag: '"own"' }));
    },
    requests: [
      get('/foo'),
      get('/foo', { 'If-None-Match': '*' }),
      get('/own', { 'If-None-Match': '"own"' }),
      get('/own', { 'If-None-Match': '"other"' }),
      { method: 'HEAD', path: '/foo' },
    ],
  },
  {
    title: 'ipRestriction',
    build(app) {
      app.use(ipRestriction(() => '10.0.0.1', { denyList: ['10.0.0.1'] }));
      app.get('/', (c) => c.text('never'));
    },
    requests: [get('/')],
  },
  {
    title: 'languageDetector',
    build(app) {
      app.use(languageDetector({ supportedLanguages: ['en', 'de'], fallbackLanguage: 'en' }));
      app.get('/', (c) => c.text(c.get('language')));
    },
    requests: [get('/'), get('/?lang=de'), get('/', { 'Accept-Language': 'de;q=0.9, en;q=0.1' })],
  },
  {
    title: 'logger',
    build(app) {
      app.use(logger(() => {}));
      app.get('/', (c) => c.text('logged'));
    },
    requests: [get('/'), get('/lost')],
  },
  {
    title: 'methodOverride',
    build(app) {
      app.use(methodOverride({ app, header: 'X-Method' }));
      app.delete('/posts', (c) => c.text('deleted'));
    },
    requests: [{ method: 'POST', path: '/posts', headers: { 'X-Method': 'DELETE' } }],
  },
  {
    title: 'poweredBy, prettyJSON and requestId',
    build(app) {
      app.use(poweredBy(), prettyJSON(), requestId());
      app.get('/', (c) => c.json({ id: c.get('requestId') }));
    },
    requests: [get('/', { 'X-Request-Id': 'a-b' }), get('/?pretty', { 'X-Request-Id': 'a-b' })],
  },
  {
    title: 'secureHeaders',
    build(app) {
      app.use(secureHeaders({ contentSecurityPolicy: { defaultSrc: ["'self'"] } }));
      app.get('/', (c) => c.html('<p>safe</p>'));
    },
    requests: [get('/')],
  },
  {
    title: 'timeout',
    build(app) {
      app.use('/api', timeout(30));
      app.get('/api', (c) => (c.req.query('slow') ? new Promise(() => {}) : c.text('in time')));
    },
    requests: [get('/api'), get('/api?slow=1')],
  },
  {
    title: 'trailing slashes',
    build(app) {
      const trim = new Hono().use(trimTrailingSlash());
      trim.get('/a', (c) => c.text('a'));
      app.route('/trim', trim);
      app.use('/append/*', appendTrailingSlash());
      app.get('/append/a/', (c) => c.text('a'));
    },
    requests: [get('/trim/a/'), get('/trim/a'), get('/append/a')],
  },
  {
    title: 'cookies',
    build(app) {
      app.get('/', async (c) => {
        setCookie(c, 'great', 'banana', { path: '/', secure: true, httpOnly: true, maxAge: 1000 });
        setCookie(c, 'second', 'cookie');
        await setSignedCookie(c, 'signed', 'value', 'secret');
        deleteCookie(c, 'old');
        return c.json(getCookie(c));
      });
    },
    requests: [get('/', { Cookie: 'a=1; b=2' })],
  },
  {
    title: 'accepts',
    build(app) {
      app.get('/', (c) => {
        const supports = ['en', 'ja'];
        const language = accepts(c, { header: 'Accept-Language', supports, default: 'en' });
        return c.json({ language });
      });
    },
    requests: [get('/', { 'Accept-Language': 'ja' }), get('/')],
  },
  {
    title: 'createFactory',
    build(app) {
      const factory = createFactory();
      const middleware = factory.createMiddleware(async (c, next) => {
        c.header('X-Factory', '1');
        await next();
      });
      app.get('/', ...factory.createHandlers(middleware, (c) => c.json('factory')));
    },
    requests: [get('/')],
  },
  {
    title: 'validator',
    build(app) {
      const check = validator('json', (value, c) =>
        typeof value.a === 'number' ? value : c.text('Invalid!', 400),
      );
      app.post('/', check, (c) => c.json(c.req.valid('json')));
    },
    requests: [
      send('POST', '/', 'application/json', '{"a":1}'),
      send('POST', '/', 'application/json', '{"a":"b"}'),
      send('POST', '/', 'application/json', '{'),
    ],
  },
  {
    title: 'jsx',
    build(app) {
      const page = (name: string) => jsx('p', { title: '"' }, 'Hello ', name);
      app.get('/:name', (c) => c.html(String(page(c.req.param('name')))));
    },
    requests: [get('/a%3Cb')],
  },
  {
    title: 'jsxRenderer',
    build(app) {
      app.use(jsxRenderer(({ children }) => jsx('main', {}, children as never)));
      app.get('/', (c) => c.render(String(jsx('p', {}, 'page'))));
    },
    requests: [get('/')],
  },
  {
    title: 'proxy',
    build(app) {
      app.get('/', () => proxy('data:text/plain,proxied'));
    },
    requests: [get('/')],
  },
  {
    title: 'routePath in middleware',
    build(app) {
      app.use(async (c, next) => {
        await next();
        c.header('X-Route', `${routePath(c)} ${routePath(c, -1)}`);
      });
      app.get('/posts/:id', (c) => c.text(routePath(c)));
    },
    requests: [get('/posts/1')],
  },
  {
    title: 'stream',
    build(app) {
      app.get('/', (c) =>
        stream(c, async (body) => {
          await body.write(new Uint8Array([0x48, 0x65]));
          await body.pipe(new Blob(['llo']).stream());
        }),
      );
    },
    requests: [get('/')],
  },
  {
    title: 'streamText',
    build(app) {
      app.get('/', (c) =>
        streamText(c, async (body) => {
          await body.writeln('Hello');
          await body.sleep(10);
          await body.write('Hono!');
        }),
      );
    },
    requests: [get('/')],
  },
  {
    title: 'streamSSE',
    build(app) {
      app.get('/sse', (c) =>
        streamSSE(c, async (events) => {
          for (let id = 0; id < 3; id++) {
            await events.writeSSE({ data: `It is\n${id}`, event: 'time-update', id: String(id) });
            await events.sleep(5);
          }
        }),
      );
    },
    requests: [get('/sse'), get('/sse', { Accept: 'text/event-stream' })],
  },
];
