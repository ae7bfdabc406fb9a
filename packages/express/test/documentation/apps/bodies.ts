// https://expressjs.com/en/api.html#express.json and its kin
import { Buffer } from 'node:buffer';
import { type DocumentedApp, send } from '../app.js';

const JSON_TYPE = 'application/json';
const FORM = 'application/x-www-form-urlencoded';

export const BODIES: readonly DocumentedApp[] = [
  {
    title: 'express.json',
    build(app, { express }) {
      app.use(express.json());
      app.post('/', (req, res) => void res.json({ body: req.body ?? null }));
    },
    requests: [
      send('POST', '/', JSON_TYPE, '{"a":[1,{"b":"ü"}]}'),
      send('POST', '/', JSON_TYPE, '{"a":'),
      send('POST', '/', JSON_TYPE, ''),
      send('POST', '/', 'text/plain', 'plain'),
      send('POST', '/', `${JSON_TYPE}; charset=latin9`, '{}'),
    ],
  },
  {
    title: 'express.json with a limit, a reviver and verify',
    build(app, { express }) {
      app.use(
        express.json({
          limit: 40,
          reviver: (_key, value: unknown) => (value === 1 ? 'one' : value),
          verify: (_req, _res, raw) => {
            if (raw.includes('evil')) throw new Error('evil');
          },
        }),
      );
      app.post('/', (req, res) => void res.json(req.body));
    },
    requests: [
      send('POST', '/', JSON_TYPE, '{"a":1}'),
      send('POST', '/', JSON_TYPE, JSON.stringify({ long: 'x'.repeat(100) })),
      send('POST', '/', JSON_TYPE, '"evil"'),
      send('POST', '/', JSON_TYPE, '{"evil":1}'),
    ],
  },
  {
    title: 'express.urlencoded',
    build(app, { express }) {
      app.use(express.urlencoded({ extended: true, parameterLimit: 3 }));
      app.post('/', (req, res) => void res.json(req.body));
    },
    requests: [
      send('POST', '/', FORM, 'name=tobi&pet[species]=ferret'),
      send('POST', '/', FORM, 'a=1&b=2&c=3&d=4'),
      send('POST', '/', FORM, '%'),
    ],
  },
  {
    title: 'express.text and express.raw',
    build(app, { express }) {
      app.use(express.text({ type: 'text/*' }), express.raw({ type: 'application/octet-stream' }));
      app.put('/', (req, res) => {
        const body: unknown = req.body;
        res.send(Buffer.isBuffer(body) ? { bytes: body.length } : `text: ${String(body)}`);
      });
    },
    requests: [
      send('PUT', '/', 'text/plain', 'hello, wörld'),
      send('PUT', '/', 'application/octet-stream', '\u0000\u0001'),
      send('PUT', '/', 'image/png', 'png'),
    ],
  },
  {
    title: 'a body that is encoded',
    build(app, { express }) {
      app.use(express.json({ inflate: false }));
      app.post('/', (req, res) => void res.json(req.body));
    },
    requests: [
      {
        method: 'POST',
        path: '/',
        headers: { 'Content-Type': JSON_TYPE, 'Content-Encoding': 'gzip' },
        body: 'no gzip',
      },
    ],
  },
  {
    title: 'a body that is read as a stream',
    build(app) {
      app.post('/', (req, res) => {
        let size = 0;
        req.on('data', (chunk: Buffer) => {
          size += chunk.length;
        });
        req.on('end', () => void res.json({ size }));
      });
      app.post('/echo', (req, res) => void req.pipe(res));
    },
    requests: [
      send('POST', '/', 'text/plain', 'x'.repeat(9_000)),
      send('POST', '/echo', 'text/plain', 'echo'),
    ],
  },
  {
    title: 'a body that nobody reads',
    build: (app) => app.post('/', (_req, res) => void res.status(202).json({ taken: true })),
    requests: [send('POST', '/', 'text/plain', 'x'.repeat(9_000))],
  },
  {
    title: 'a resource with create, read, update and delete',
    build(app, { express }) {
      const users = new Map([['1', { name: 'tobi' }]]);
      const router = express.Router();
      router.get('/', (_req, res) => void res.json([...users.keys()]));
      router.post('/', (req, res) => void res.status(201).location('/users/2').json(req.body));
      router.get('/:id', (req, res) => {
        const user = users.get(req.params.id);
        if (user === undefined) res.status(404).json({ error: 'no such user' });
        else res.json(user);
      });
      router.put('/:id', (req, res) => void res.json({ id: req.params.id, ...req.body }));
      router.delete('/:id', (_req, res) => void res.sendStatus(204));
      app.use('/users', express.json(), router);
    },
    requests: [
      send('GET', '/users'),
      send('POST', '/users', JSON_TYPE, '{"name":"loki"}'),
      send('GET', '/users/1'),
      send('GET', '/users/9'),
      send('PUT', '/users/1', JSON_TYPE, '{"name":"jane"}'),
      send('DELETE', '/users/1'),
    ],
  },
];
