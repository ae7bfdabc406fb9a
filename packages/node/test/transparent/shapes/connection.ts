import { AsyncLocalStorage } from 'node:async_hooks';
import { OutgoingMessage, Server, ServerResponse } from 'node:http';
import { isPromise } from 'node:util/types';
import type { Shape } from '../harness/shape.js';

const storage = new AsyncLocalStorage<string>();

export const connectionShapes: readonly Shape[] = [
  {
    title: 'the server as `this`',
    handler(probe) {
      const self = probe.self instanceof Server ? 'an http server' : typeof probe.self;
      probe.note(`this is ${self}, on(): ${typeof Reflect.get(Object(probe.self), 'on')}`);
      probe.call('end', 'x');
    },
  },
  {
    title: 'a value that the listener returns',
    handler(probe) {
      probe.call('end', 'x');
      return 'a value';
    },
  },
  {
    title: 'a promise that the listener returns',
    async handler(probe) {
      probe.call('end', 'x');
      return 'a value';
    },
  },
  {
    title: 'the very promise that the handler returned',
    around: (listener) =>
      function (this: unknown, ...args) {
        const result = Reflect.apply(listener, this, args);
        const own = isPromise(result) && Reflect.get(result, 'mark') === 'own';
        return own ? 'its own promise' : `${typeof result}`;
      },
    handler(probe) {
      probe.call('end', 'x');
      return Object.assign(Promise.resolve(), { mark: 'own' });
    },
  },
  {
    title: 'extra arguments',
    around: (listener) =>
      function (this: unknown, req, res) {
        return Reflect.apply(listener, this, [req, res, 'extra', 2]);
      },
    handler(probe) {
      probe.note(`extra ${JSON.stringify(probe.extra)}`);
      probe.call('end', 'x');
    },
  },
  {
    title: 'the same objects',
    around: (listener) =>
      function (this: unknown, req, res) {
        Reflect.set(res, 'passed', { req, res });
        return Reflect.apply(listener, this, [req, res]);
      },
    handler(probe, req, res) {
      const passed: { req?: unknown; res?: unknown } = Reflect.get(res, 'passed');
      probe.note(
        `same ${passed.req === req} ${passed.res === res} ${Reflect.get(res, 'req') === req}`,
      );
      probe.note(`instance ${res instanceof ServerResponse} ${res instanceof OutgoingMessage}`);
      probe.note(`prototype ${Object.getPrototypeOf(res) === ServerResponse.prototype}`);
      probe.note(`writable ${JSON.stringify(Object.getOwnPropertyDescriptor(res, 'headersSent'))}`);
      probe.call('end', 'x');
    },
  },
  {
    title: 'a handler that replaces write and end',
    handler(probe, _req, res) {
      const { write, end } = res;
      res.write = function (this: ServerResponse, ...args: unknown[]) {
        probe.note('own write');
        return Reflect.apply(write, this, args) as boolean;
      };
      res.end = function (this: ServerResponse, ...args: unknown[]) {
        probe.note('own end');
        return Reflect.apply(end, this, args) as ServerResponse;
      };
      probe.call('write', 'one');
      probe.call('end', 'two');
    },
  },
  {
    title: 'a handler that calls the functions of the prototype',
    http1Only: true,
    handler(probe, _req, res) {
      probe.do('write', () => Reflect.apply(ServerResponse.prototype.write, res, ['one']));
      probe.do('end', () => Reflect.apply(ServerResponse.prototype.end, res, ['two']));
    },
  },
  {
    title: 'a handler that deletes what is not the prototype’s',
    handler(probe, _req, res) {
      Reflect.deleteProperty(res, 'write');
      Reflect.deleteProperty(res, 'end');
      probe.call('write', 'one');
      probe.call('end', 'two');
    },
  },
  {
    title: 'async context in callbacks and events',
    handler(probe, _req, res) {
      storage.run('request', () => {
        res.on('finish', () => probe.note(`finish in ${storage.getStore()}`));
        probe.call('write', 'x', () => probe.note(`write in ${storage.getStore()}`));
        probe.call('end', () => probe.note(`end in ${storage.getStore()}`));
      });
      probe.note(`outside ${storage.getStore()}`);
    },
  },
  {
    title: 'a time-out of the request',
    http1Only: true,
    requests: ['GET', 'POST with a body', 'HTTP/1.0'],
    handler(probe, req) {
      probe.do('setTimeout', () => req.setTimeout(30, probe.callback('timeout')));
      req.on('timeout', () => probe.call('end', 'too late'));
    },
  },
  {
    title: 'a time-out of the response that nobody listens to',
    http1Only: true,
    requests: ['GET', 'POST with a body', 'HTTP/1.0'],
    handler(probe, _req, res) {
      probe.do('setTimeout', () => res.setTimeout(30));
    },
  },
  {
    title: 'a time-out of the socket',
    http1Only: true,
    requests: ['GET', 'POST with a body', 'HTTP/1.0'],
    handler(probe, _req, res) {
      probe.do('setTimeout', () => void res.socket?.setTimeout(30));
    },
  },
  {
    title: 'a time-out of the response that is called back',
    requests: ['GET', 'POST with a body'],
    handler(probe, _req, res) {
      res.setTimeout(
        30,
        probe.callback('timeout', () => probe.call('end', 'too late')),
      );
    },
  },
  {
    title: 'no delay and keep-alive set on the socket',
    http1Only: true,
    handler(probe, _req, res) {
      probe.do('socket', () => void res.socket?.setNoDelay(true).setKeepAlive(true));
      probe.call('end', 'x');
    },
  },
  {
    title: 'a server that takes one request per socket',
    http1Only: true,
    configure(server) {
      server.maxRequestsPerSocket = 1;
      server.on('dropRequest', (_req, socket) => socket.end());
    },
    handler: (probe) => probe.call('end', 'x'),
  },
  {
    title: 'a listener for checkContinue that goes on',
    event: 'checkContinue',
    requests: ['POST that expects 100-continue'],
    handler(probe, req, res) {
      probe.call('writeContinue');
      probe.do('pipe', () => req.pipe(res));
    },
  },
  {
    title: 'a listener for checkContinue that refuses',
    event: 'checkContinue',
    requests: ['POST that expects 100-continue'],
    handler(probe) {
      probe.call('writeHead', 413, { Connection: 'close' });
      probe.call('end', 'too big');
    },
  },
  {
    title: 'a listener for checkExpectation',
    event: 'checkExpectation',
    requests: ['POST that expects something else'],
    handler(probe, _req, res) {
      res.statusCode = 417;
      probe.call('end', 'no miracles');
    },
  },
  {
    title: 'answers out of order on one connection',
    http1Only: true,
    requests: ['pipelined requests'],
    handler(probe, req) {
      if (req.method === 'POST') probe.call('end', 'at once');
      else setImmediate(() => probe.call('end', 'later'));
    },
  },
  {
    title: 'a client that leaves before it is answered',
    requests: ['GET', 'POST with a body', 'HTTP/1.0'],
    handler: (probe) => probe.journal.clientLeaves(),
  },
  {
    title: 'a client that leaves in the middle of the body',
    requests: ['GET', 'GET of an event stream', 'HTTP/1.0'],
    handler(probe) {
      probe.call('setHeader', 'Content-Type', 'text/event-stream');
      probe.call('write', 'data: one\n\n', () => setImmediate(() => probe.journal.clientLeaves()));
    },
  },
  {
    title: 'an answer after the client has left',
    requests: ['GET', 'POST with a body'],
    handler(probe, _req, res) {
      res.on('error', probe.callback('error'));
      res.on('close', () => {
        probe.call('setHeader', 'X-One', '1');
        probe.call('write', 'x', probe.callback('write'));
        probe.call('end', 'y', probe.callback('end'));
      });
      probe.journal.clientLeaves();
    },
  },
];
