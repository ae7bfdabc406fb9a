import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import compression from 'compression';
import session from 'express-session';
import finalhandler from 'finalhandler';
import morgan from 'morgan';
import onFinished from 'on-finished';
import onHeaders from 'on-headers';
import send from 'send';
import serveStatic from 'serve-static';
import type { Probe } from '../harness/journal.js';
import type { RequestName } from '../harness/requests.js';
import type { Listener, Shape } from '../harness/shape.js';

type Request = Parameters<Listener>[0];
type Response = Parameters<Listener>[1];
/** What connect's and Express's middleware have in common, with types of nobody's framework. */
type Middleware = (req: Request, res: Response, next: (error?: unknown) => void) => void;

const FILES = fileURLToPath(new URL('./files', import.meta.url));
const JSON_TEXT = JSON.stringify({ text: 'compressible '.repeat(200) });

const REQUESTS: readonly RequestName[] = [
  'GET',
  'HEAD',
  'POST with a body',
  'HTTP/1.0',
  'two requests on one connection',
  'pipelined requests',
  'If-None-Match',
  'Range',
  'Accept-Encoding',
];

/** Files that are read at the same time are there in an order of their own. */
const REQUESTS_FOR_FILES = REQUESTS.filter((name) => name !== 'pipelined requests');

interface Habit {
  readonly title: string;
  readonly middleware: () => Middleware;
  readonly handler: Shape['handler'];
  readonly big?: boolean;
}

function json(probe: Probe): void {
  probe.call('setHeader', 'Content-Type', 'application/json');
  probe.call('setHeader', 'ETag', '"tag"');
  probe.call('end', JSON_TEXT, probe.callback('end'));
}

/** As `connect` does it, with no more of Express than these middlewares look at. */
function express<T>(middleware: T): Middleware {
  return (req, res, next) => {
    Object.assign(req, { originalUrl: req.url });
    Reflect.apply(middleware as Middleware, undefined, [req, res, next]);
  };
}

let journalLine: (line: string) => void = () => {};
const toJournal = new Writable({
  write(chunk, _encoding, callback) {
    journalLine(`morgan: ${String(chunk).trim()}`);
    callback();
  },
});

const HABITS: readonly Habit[] = [
  {
    title: 'compression of one end',
    middleware: () => express(compression({ threshold: 0 })),
    handler: json,
    big: true,
  },
  {
    title: 'compression of an event stream with flush',
    middleware: () => express(compression({ threshold: 0, filter: () => true })),
    big: true,
    handler(probe, _req, res) {
      probe.call('setHeader', 'Content-Type', 'text/event-stream');
      probe.call('write', 'data: one\n\n');
      const flush: unknown = Reflect.get(res, 'flush');
      if (typeof flush === 'function') Reflect.apply(flush, res, []);
      setImmediate(() => probe.call('end', 'data: two\n\n'));
    },
  },
  {
    title: 'express-session with a new session',
    middleware: () =>
      express(
        session({
          secret: 'secret',
          genid: () => 'always-the-same',
          resave: true,
          saveUninitialized: true,
        }),
      ),
    handler: json,
  },
  {
    title: 'express-session with a body in pieces',
    middleware: () =>
      express(
        session({ secret: 's', genid: () => 'one', resave: false, saveUninitialized: false }),
      ),
    handler(probe, req) {
      Object.assign(Object(Reflect.get(req, 'session')), { visits: 1 });
      probe.call('write', 'one');
      probe.call('end', 'two');
    },
  },
  {
    title: 'morgan',
    middleware: () =>
      express(
        morgan(':method :url :status :res[content-length] :res[x-one]', { stream: toJournal }),
      ),
    handler(probe) {
      journalLine = (line) => probe.note(line);
      probe.call('writeHead', 404, { 'Content-Length': 4, 'X-One': '1' });
      probe.call('end', 'none');
    },
  },
  {
    title: 'on-headers',
    middleware: () => (_req, res, next) => {
      onHeaders(res, function (this: Response) {
        this.setHeader('X-On-Headers', this.statusCode);
        if (this.statusCode === 418) this.statusCode = 200;
      });
      next();
    },
    handler(probe, _req, res) {
      res.statusCode = 418;
      probe.call('setHeader', 'X-One', '1');
      probe.call('end', 'tea');
    },
  },
  {
    title: 'on-headers and writeHead with headers',
    middleware: () => (_req, res, next) => {
      onHeaders(res, () => res.removeHeader('X-One'));
      next();
    },
    handler(probe) {
      probe.call('writeHead', 200, { 'X-One': '1', 'X-Two': '2' });
      probe.call('end', 'x');
    },
  },
  {
    title: 'on-finished',
    middleware: () => (_req, res, next) => {
      onFinished(res, (_error, message) => {
        message.emit('on-finished');
      });
      next();
    },
    handler(probe, req) {
      onFinished(req, probe.callback('request finished'));
      probe.do('isFinished', () => onFinished.isFinished(probe.res));
      probe.call('end', 'x');
      probe.do('isFinished', () => onFinished.isFinished(probe.res));
    },
  },
];

const habitShapes = HABITS.flatMap(({ title, middleware, handler, big = false }): Shape[] => {
  const outer = middleware();
  const inner = middleware();
  return [
    {
      title: `${title}, outside`,
      http1Only: true,
      requests: REQUESTS,
      big,
      around: (listener) =>
        function (this: unknown, ...args) {
          outer(args[0], args[1], () => void Reflect.apply(listener, this, args));
        },
      handler,
    },
    {
      title: `${title}, inside`,
      http1Only: true,
      requests: REQUESTS,
      big,
      handler: (probe, req, res) => inner(req, res, () => void handler(probe, req, res)),
    },
  ];
});

function notFound(probe: Probe, error?: unknown): void {
  const options = { env: 'production', onerror: probe.callback('onerror') };
  finalhandler(probe.req, probe.res, options)(error);
}

export const middlewareShapes: readonly Shape[] = [
  ...habitShapes,
  {
    title: 'finalhandler for nothing found',
    http1Only: true,
    handler: (probe) => notFound(probe),
  },
  {
    title: 'finalhandler for an error with a status',
    http1Only: true,
    handler: (probe) =>
      notFound(probe, Object.assign(new Error('no'), { status: 422, headers: { 'X-One': '1' } })),
  },
  {
    title: 'finalhandler for an error after the head was sent',
    http1Only: true,
    handler(probe) {
      probe.call('write', 'x');
      notFound(probe, new Error('too late'));
    },
  },
  {
    title: 'send of a file',
    http1Only: true,
    requests: REQUESTS_FOR_FILES,
    big: true,
    handler(probe, req, res) {
      send(req, '/text.txt', { root: FILES, lastModified: false, etag: true }).pipe(res);
      res.on('finish', probe.callback('finish'));
    },
  },
  {
    title: 'serve-static of a file and finalhandler for the rest',
    http1Only: true,
    requests: REQUESTS_FOR_FILES,
    big: true,
    handler(probe, req, res) {
      if (req.method === 'GET') req.url = '/text.txt';
      const serve = serveStatic(FILES, { maxAge: 1000, immutable: true, fallthrough: true });
      serve(req, res, (error) => notFound(probe, error));
    },
  },
];
