// https://expressjs.com/en/guide/routing.html
import { type DocumentedApp, get, send } from '../app.js';

export const ROUTING: readonly DocumentedApp[] = [
  {
    title: 'hello world',
    build: (app) => app.get('/', (_req, res) => void res.send('Hello World!')),
    requests: [get('/'), send('HEAD', '/'), send('OPTIONS', '/'), send('POST', '/'), get('/none')],
  },
  {
    title: 'basic routing with every method',
    build(app) {
      app.get('/user', (_req, res) => void res.send('Got a GET request'));
      app.post('/user', (_req, res) => void res.send('Got a POST request'));
      app.put('/user', (_req, res) => void res.send('Got a PUT request at /user'));
      app.patch('/user', (_req, res) => void res.json({ patched: true }));
      app.delete('/user', (_req, res) => void res.send('Got a DELETE request at /user'));
    },
    requests: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].map((m) => send(m, '/user')),
  },
  {
    title: 'app.all passes on to what follows',
    build(app) {
      app.all('/secret', (_req, res, next) => {
        res.set('X-Seen', 'all');
        next();
      });
      app.get('/secret', (_req, res) => void res.json({ secret: true }));
    },
    requests: [get('/secret'), send('PUT', '/secret')],
  },
  {
    title: 'string patterns and wild cards',
    build(app, { path }) {
      app.get(path('/ab{c}d', '/abc?d'), (_req, res) => void res.send('ab?cd'));
      app.get(path('/files/*rest', '/files/*'), (req, res) => void res.json(req.params));
      app.get(/.*fly$/, (_req, res) => void res.send('/.*fly$/'));
    },
    requests: [get('/abd'), get('/abcd'), get('/files/a/b.txt'), get('/butterfly'), get('/x')],
  },
  {
    title: 'route parameters',
    build(app) {
      app.get('/users/:userId/books/:bookId', (req, res) => void res.send(req.params));
      app.get('/flights/:from-:to', (req, res) => void res.send(req.params));
    },
    requests: [get('/users/34/books/8989'), get('/flights/LAX-SFO'), get('/users/%E4/books/1')],
  },
  {
    title: 'more than one handler, and next("route")',
    build(app) {
      app.get(
        '/user/:id',
        (req, _res, next) => (req.params.id === '0' ? next('route') : next()),
        (_req, res) => void res.send('regular'),
      );
      app.get('/user/:id', (_req, res) => void res.send('special'));
    },
    requests: [get('/user/0'), get('/user/5')],
  },
  {
    title: 'next("router") leaves the router',
    build(app, { express }) {
      const router = express.Router();
      router.use((req, _res, next) => (req.headers['x-auth'] ? next() : next('router')));
      router.get('/user', (_req, res) => void res.send('hello, user!'));
      app.use('/admin', router, (_req, res) => void res.sendStatus(401));
    },
    requests: [get('/admin/user', { 'X-Auth': '1' }), get('/admin/user')],
  },
  {
    title: 'app.route',
    build(app) {
      app
        .route('/book')
        .get((_req, res) => void res.send('Get a random book'))
        .post((_req, res) => void res.status(201).json({ id: 1 }))
        .put((_req, res) => void res.send('Update the book'));
    },
    requests: [get('/book'), send('POST', '/book'), send('PUT', '/book'), send('DELETE', '/book')],
  },
  {
    title: 'express.Router as a module',
    build(app, { express }) {
      const birds = express.Router({ mergeParams: true });
      birds.use((_req, res, next) => {
        res.set('X-Time', 'now');
        next();
      });
      birds.get('/', (req, res) => void res.json({ home: req.baseUrl, params: req.params }));
      birds.get('/about', (req, res) => void res.send(`About ${req.originalUrl}`));
      app.use('/:kind/birds', birds);
    },
    requests: [get('/small/birds'), get('/small/birds/about?x=1'), get('/small/birds/none')],
  },
  {
    title: 'app.param and router.param',
    build(app, { express }) {
      app.param('user', (req, _res, next, id: string) => {
        Object.assign(req, { user: { id } });
        if (id === 'none') next(Object.assign(new Error('failed to find user'), { status: 404 }));
        else next();
      });
      app.get('/user/:user', (req, res) => void res.json(Reflect.get(req, 'user')));
      const router = express.Router();
      router.param('page', (_req, res, next, page: string) => {
        res.locals.page = Number(page);
        next();
      });
      router.get('/:page', (_req, res) => void res.json(res.locals));
      app.use('/pages', router);
    },
    requests: [get('/user/42'), get('/user/none'), get('/pages/7')],
  },
  {
    title: 'a mounted app has its own settings',
    build(app, { express }) {
      const admin = express();
      admin.disable('x-powered-by');
      admin.set('json spaces', 2);
      admin.get('/', (req, res) => void res.json({ mountpath: req.app.mountpath }));
      app.use(['/admin', '/manager'], admin);
      app.get('/', (_req, res) => void res.json({ parent: true }));
    },
    requests: [get('/manager'), get('/admin/'), get('/')],
  },
  {
    title: 'case sensitive and strict routing',
    settings(app) {
      app.enable('case sensitive routing');
      app.enable('strict routing');
    },
    build(app) {
      app.get('/Foo/', (_req, res) => void res.send('Foo'));
    },
    requests: [get('/Foo/'), get('/foo/'), get('/Foo')],
  },
];
