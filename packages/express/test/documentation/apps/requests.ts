// https://expressjs.com/en/api.html#req
import { type DocumentedApp, get, send } from '../app.js';

export const REQUESTS: readonly DocumentedApp[] = [
  {
    title: 'req.accepts and its kin',
    build(app) {
      app.get('/', (req, res) => {
        res.json({
          type: req.accepts(['json', 'html']),
          charset: req.acceptsCharsets('utf-8'),
          encoding: req.acceptsEncodings('gzip', 'br'),
          language: req.acceptsLanguages('de', 'en'),
        });
      });
    },
    requests: [
      get('/'),
      get('/', { Accept: 'text/*;q=.5, application/json', 'Accept-Language': 'de;q=.8, en' }),
      get('/', { Accept: 'image/png', 'Accept-Encoding': 'br' }),
    ],
  },
  {
    title: 'where a request was sent',
    build(app) {
      app.set('trust proxy', true);
      app.set('subdomain offset', 1);
      app.get('/path', (req, res) => {
        const { hostname, ip, ips, protocol, secure, subdomains, originalUrl, xhr } = req;
        res.json({ hostname, ip, ips, protocol, secure, subdomains, originalUrl, xhr });
      });
    },
    requests: [
      get('/path?a=b'),
      get('/path', {
        'X-Forwarded-For': '10.0.0.1, 10.0.0.2',
        'X-Forwarded-Proto': 'https',
        'X-Forwarded-Host': 'api.example.com',
        'X-Requested-With': 'XMLHttpRequest',
      }),
    ],
  },
  {
    title: 'req.query, simple and extended',
    build(app, { express }) {
      const extended = express();
      extended.set('query parser', 'extended');
      extended.get('/', (req, res) => void res.json(req.query));
      app.use('/extended', extended);
      app.get('/', (req, res) => void res.json(req.query));
    },
    requests: [get('/?a=1&a=2&shoe[color]=blue'), get('/extended?a=1&a=2&shoe[color]=blue')],
  },
  {
    title: 'req.get, req.is and req.range',
    build(app) {
      app.post('/', (req, res) => {
        res.json({ type: req.get('content-type'), is: req.is(['json', 'text/*']) });
      });
      app.get('/', (req, res) => void res.json({ range: req.range(1000) ?? null }));
    },
    requests: [
      send('POST', '/', 'application/json', '{}'),
      send('POST', '/', 'text/plain', 'x'),
      get('/', { Range: 'bytes=0-99,200-' }),
    ],
  },
  {
    title: 'req.fresh and req.stale',
    build(app) {
      app.get('/', (req, res) => {
        res.set('ETag', '"v1"').set('Last-Modified', 'Sat, 01 Jan 2000 00:00:00 GMT');
        res.json({ fresh: req.fresh, stale: req.stale });
      });
    },
    requests: [
      get('/'),
      get('/', { 'If-None-Match': '"v1"' }),
      get('/', { 'If-None-Match': '"v2"' }),
      get('/', { 'If-Modified-Since': 'Sat, 01 Jan 2000 00:00:00 GMT' }),
      get('/', { 'If-None-Match': '"v1"', 'Cache-Control': 'no-cache' }),
    ],
  },
  {
    title: 'the ETag that Express makes',
    build(app) {
      app.set('etag', 'strong');
      app.get('/', (_req, res) => void res.json({ a: 'document' }));
      app.get('/large', (_req, res) => void res.send('x'.repeat(5_000)));
    },
    requests: [
      get('/'),
      get('/large'),
      get('/', { 'If-None-Match': '"10-pAbjwQT3ylrIGOFbP8/z3s7o5gQ"' }),
      get('/', { 'If-None-Match': '*' }),
      send('HEAD', '/large'),
    ],
  },
  {
    title: 'an ETag function, and none',
    build(app, { express }) {
      app.set('etag', (body: Buffer | string) => `"${body.length}"`);
      app.get('/', (_req, res) => void res.send('four'));
      const without = express().disable('etag');
      without.get('/', (_req, res) => void res.send('four'));
      app.use('/without', without);
    },
    requests: [get('/'), get('/', { 'If-None-Match': '"4"' }), get('/without')],
  },
  {
    title: 'JSON spaces, escape and replacer',
    build(app) {
      app.set('json spaces', '\t');
      app.set('json escape', true);
      app.set('json replacer', (key: string, value: unknown) =>
        key === 'hidden' ? undefined : value,
      );
      app.get('/', (_req, res) => void res.json({ hidden: 1, shown: '<&>', deep: { hidden: 2 } }));
    },
    requests: [get('/')],
  },
  {
    title: 'without x-powered-by, with app.locals and res.locals',
    build(app) {
      app.disable('x-powered-by');
      app.locals.name = 'app';
      app.use((req, res, next) => {
        res.locals.user = req.get('X-User') ?? null;
        next();
      });
      app.get('/', (req, res) => void res.json({ ...req.app.locals, ...res.locals, settings: 0 }));
    },
    requests: [get('/'), get('/', { 'X-User': 'tobi' })],
  },
  {
    title: 'a path that cannot be decoded',
    build: (app) => app.get('/:name', (req, res) => void res.json(req.params)),
    requests: [get('/%'), get('/%25'), get('/a%2Fb')],
  },
];
