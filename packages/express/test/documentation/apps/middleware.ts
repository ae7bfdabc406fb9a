// https://expressjs.com/en/guide/using-middleware.html and /en/resources/middleware.html
import compression from 'compression';
import cors from 'cors';
import type { RequestHandler } from 'express';
import session from 'express-session';
import helmet from 'helmet';
import { type DocumentedApp, get, send } from '../app.js';

const ORIGIN = { Origin: 'https://shop.example' };
const LONG = 'compressible '.repeat(300);

export const MIDDLEWARE: readonly DocumentedApp[] = [
  {
    title: 'middleware that adds to the request',
    build(app) {
      app.use((req, _res, next) => {
        Object.assign(req, { requestTime: 7 });
        next();
      });
      app.get('/', (req, res) => void res.send(`Requested at: ${Reflect.get(req, 'requestTime')}`));
    },
    requests: [get('/')],
  },
  {
    title: 'middleware that validates cookies',
    build(app) {
      const validate: RequestHandler = async (req, _res, next) => {
        await Promise.resolve();
        if (req.headers.cookie === 'testCookie=1') next();
        else next(Object.assign(new Error('Invalid cookies'), { status: 400 }));
      };
      app.use(validate);
      app.get('/', (_req, res) => void res.json({ valid: true }));
    },
    requests: [get('/', { Cookie: 'testCookie=1' }), get('/')],
  },
  {
    title: 'a web service with API keys',
    build(app) {
      app.use('/api', (req, _res, next) => {
        const { 'api-key': key } = req.query;
        if (key === undefined) next(Object.assign(new Error('api key required'), { status: 400 }));
        else if (key !== 'foo') next(Object.assign(new Error('invalid'), { status: 401 }));
        else next();
      });
      app.get('/api/users', (_req, res) => void res.send([{ name: 'tobi' }, { name: 'loki' }]));
    },
    requests: ['/api/users', '/api/users?api-key=bar', '/api/users?api-key=foo'].map((p) => get(p)),
  },
  {
    title: 'basic authentication',
    build(app) {
      app.use((req, res, next) => {
        if (req.headers.authorization === 'Basic am9obg==') next();
        else res.set('WWW-Authenticate', 'Basic realm="x"').status(401).json({ error: 'who?' });
      });
      app.get('/', (_req, res) => void res.json({ user: 'john' }));
    },
    requests: [get('/'), get('/', { Authorization: 'Basic am9obg==' })],
  },
  {
    title: 'method override',
    build(app) {
      app.use((req, _res, next) => {
        req.method = String(req.get('X-HTTP-Method-Override') ?? req.method);
        next();
      });
      app.delete('/', (_req, res) => void res.json({ deleted: true }));
    },
    requests: [
      { method: 'POST', headers: { 'X-HTTP-Method-Override': 'DELETE' } },
      send('POST', '/'),
    ],
  },
  {
    title: 'virtual hosts',
    build(app, { express }) {
      const main = express();
      main.get('/', (_req, res) => void res.send('Hello from main app!'));
      const redirect = express();
      redirect.use((req, res) => res.redirect(`http://example.com:3000${req.url}`));
      app.use((req, res, next) => {
        (req.get('X-Host') === undefined ? main : redirect)(req, res, next);
      });
    },
    requests: [get('/'), get('/a', { 'X-Host': 'foo' })],
  },
  {
    title: 'helmet',
    build(app) {
      app.use(helmet());
      app.get('/', (_req, res) => void res.json({ safe: true }));
    },
    requests: [get('/'), get('/none')],
  },
  {
    title: 'cors for all, with preflights',
    build(app) {
      app.use(cors({ credentials: true, origin: /\.example$/, exposedHeaders: ['X-Total'] }));
      app.get('/', (_req, res) => void res.set('X-Total', '3').json([1, 2, 3]));
    },
    requests: [
      get('/', ORIGIN),
      get('/', { Origin: 'https://evil.test' }),
      { method: 'OPTIONS', headers: { ...ORIGIN, 'Access-Control-Request-Method': 'PUT' } },
    ],
  },
  {
    title: 'compression',
    build(app) {
      app.use(compression());
      app.get('/long', (_req, res) => void res.send(LONG));
      app.get('/short', (_req, res) => void res.send('short'));
      app.get('/json', (_req, res) => void res.json({ LONG }));
      app.get('/asis', (_req, res) => void res.set('Cache-Control', 'no-transform').send(LONG));
    },
    requests: ['/long', '/short', '/json', '/asis'].flatMap((path) => [
      get(path, { 'Accept-Encoding': 'gzip' }),
      get(path, { 'Accept-Encoding': 'identity' }),
      { method: 'HEAD', path, headers: { 'Accept-Encoding': 'gzip' } },
    ]),
  },
  {
    title: 'express-session',
    build(app) {
      let made = 0;
      const genid = () => `session-${made++}`;
      app.use(session({ secret: 's', resave: false, saveUninitialized: false, genid }));
      app.get('/visit', (req, res) => {
        Object.assign(req.session, { visits: 1 });
        res.json({ visits: 1 });
      });
      app.get('/none', (_req, res) => void res.json({ visits: 0 }));
      app.get('/leave', (req, res, next) => {
        req.session.destroy((error) => (error ? next(error) : res.redirect('/')));
      });
    },
    requests: ['/visit', '/none', '/leave'].map((path) => get(path)),
  },
];
