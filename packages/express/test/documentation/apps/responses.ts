// https://expressjs.com/en/api.html#res
import { Buffer } from 'node:buffer';
import { type DocumentedApp, FILES, get, send } from '../app.js';

const html = { Accept: 'text/html' };
const json = { Accept: 'application/json' };

export const RESPONSES: readonly DocumentedApp[] = [
  {
    title: 'res.json of everything JSON has',
    build(app) {
      const values: Record<string, unknown> = {
        null: null,
        user: { user: 'tj' },
        list: [1],
        no: 0,
      };
      app.get('/json/:name', (req, res) => void res.json(values[req.params.name]));
      app.get('/error', (_req, res) => void res.status(500).json({ error: 'message' }));
    },
    requests: ['/json/null', '/json/user', '/json/list', '/json/no', '/error'].map((p) => get(p)),
  },
  {
    title: 'res.jsonp',
    build(app) {
      app.set('jsonp callback name', 'cb');
      app.get('/', (_req, res) => void res.jsonp({ user: 'tobi', line: '\u2028' }));
    },
    requests: [get('/'), get('/?cb=foo'), get('/?cb=a[b].c(d)')],
  },
  {
    title: 'res.send of text, a buffer, an object and nothing',
    build(app) {
      app.get('/text', (_req, res) => void res.send('some html, ünï'));
      app.get('/buffer', (_req, res) => void res.send(Buffer.from([0, 255, 10])));
      app.get('/object', (_req, res) => void res.send({ some: 'json' }));
      app.get('/typed', (_req, res) => void res.set('Content-Type', 'text/css').send('p{}'));
      app.get('/nothing', (_req, res) => void res.send());
      app.get('/null', (_req, res) => void res.send(null));
      app.get('/204', (_req, res) => void res.status(204).send('no body'));
      app.get('/205', (_req, res) => void res.status(205).send('no body'));
    },
    requests: ['text', 'buffer', 'object', 'typed', 'nothing', 'null', '204', '205'].map((p) =>
      get(`/${p}`),
    ),
  },
  {
    title: 'res.sendStatus and res.status().end()',
    build(app) {
      app.get('/send/:code', (req, res) => void res.sendStatus(Number(req.params.code)));
      app.get('/end/:code', (req, res) => void res.status(Number(req.params.code)).end());
    },
    requests: ['/send/200', '/send/403', '/send/299', '/end/200', '/end/204', '/end/410'].map((p) =>
      get(p),
    ),
  },
  {
    title: 'res.redirect',
    build(app) {
      app.get('/old', (_req, res) => res.redirect('/foo/bar'));
      app.get('/moved', (_req, res) => res.redirect(301, 'http://example.com/ü'));
      app.post('/form', (_req, res) => res.redirect(303, '../login'));
    },
    requests: [
      get('/old'),
      get('/old', html),
      get('/old', json),
      get('/moved'),
      send('POST', '/form'),
    ],
  },
  {
    title: 'res.format negotiates',
    build(app) {
      app.get('/', (_req, res) => {
        res.format({
          text: () => res.send('hey'),
          html: () => res.send('<p>hey</p>'),
          json: () => res.send({ message: 'hey' }),
        });
      });
      app.get('/default', (_req, res) => {
        res.format({ json: () => res.json(1), default: () => res.status(406).send('none') });
      });
    },
    requests: [
      get('/', html),
      get('/', json),
      get('/', { Accept: 'image/png' }),
      get('/default', html),
    ],
  },
  {
    title: 'res.append, set, get, vary, links, location and type',
    build(app) {
      app.get('/', (_req, res) => {
        res.append('Link', ['<http://localhost/>', '<http://localhost:3000/>']);
        res.append('Warning', '199 Miscellaneous warning');
        res.set({ ETag: '12345', 'X-A': ['1', '2'] });
        res.vary('User-Agent').location('/elsewhere');
        res.links({ next: 'http://api.example.com/users?page=2' });
        res.type('.json').send(JSON.stringify({ a: res.get('X-A') }));
      });
    },
    requests: [get('/'), get('/', { 'If-None-Match': '12345' })],
  },
  {
    title: 'res.cookie and res.clearCookie',
    build(app) {
      app.get('/set', (_req, res) => {
        res.cookie('name', 'tobi', { domain: '.example.com', path: '/admin', secure: true });
        res.cookie('cart', { items: [1, 2, 3] }, { httpOnly: true, sameSite: 'strict' });
        res.send('set');
      });
      app.get('/clear', (_req, res) => void res.clearCookie('name', { path: '/admin' }).json({}));
    },
    requests: [get('/set'), get('/clear')],
  },
  {
    title: 'res.attachment and res.download',
    build(app) {
      app.get('/named', (_req, res) => void res.attachment('path/to/logo.png').send('png'));
      app.get('/report', (_req, res) => res.download(`${FILES}/report.csv`));
      app.get('/renamed', (_req, res) => res.download(`${FILES}/data.json`, 'räport.json'));
      app.get('/missing', (_req, res, next) => {
        res.download(`${FILES}/none`, (error) => error && next(error));
      });
    },
    requests: ['/named', '/report', '/renamed', '/missing'].map((p) => get(p)),
  },
  {
    title: 'res.render with an engine of one’s own',
    build(app) {
      app.engine('ntl', (path, options, callback) => {
        import('node:fs').then(({ readFile }) => {
          readFile(path, 'utf8', (error, text) => {
            const { title, message } = options as { title?: string; message?: string };
            if (error) callback(error);
            else
              callback(
                null,
                text.replace('#title#', `${title}`).replace('#message#', `${message}`),
              );
          });
        }, callback);
      });
      app.set('views', `${FILES}/views`);
      app.set('view engine', 'ntl');
      app.locals.title = 'My App';
      app.get('/', (_req, res) => res.render('index', { message: 'Hello there!' }));
      app.get('/none', (_req, res) => res.render('none'));
      app.get('/callback', (_req, res, next) => {
        res.render('index', (error: Error | null, text: string) =>
          error ? next(error) : res.json({ text }),
        );
      });
    },
    requests: [get('/'), get('/none'), get('/callback')],
  },
  {
    title: 'res.write and res.end, as plain Node has them',
    build(app) {
      app.get('/chunks', (_req, res) => {
        res.write('one');
        res.write(Buffer.from('two'));
        res.end('three');
      });
      app.get('/head', (_req, res) => {
        res.writeHead(202, 'Taken', { 'Content-Type': 'application/json', 'X-A': 'b' });
        res.end('{"a":1}');
      });
      app.get('/end', (_req, res) => void res.end('ended'));
      app.get('/length', (_req, res) => void res.set('Content-Length', '2').end('ok'));
    },
    requests: ['/chunks', '/head', '/end', '/length'].map((p) => get(p)),
  },
  {
    title: 'res.headersSent before and after',
    build(app) {
      app.get('/', (_req, res) => {
        const before = res.headersSent;
        res.flushHeaders();
        res.write(JSON.stringify({ before, after: res.headersSent }));
        res.end();
      });
    },
    requests: [get('/')],
  },
];
