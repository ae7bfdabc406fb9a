import { Buffer } from 'node:buffer';
import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { type DocumentedApp, get, tick } from './app.js';

const JSON_UTF8 = 'application/json; charset=utf-8';

export const payloads: readonly DocumentedApp[] = [
  {
    title: 'Reply: buffers and typed arrays',
    build: (app) => {
      app.get('/buffer', async () => Buffer.from('{"a":"ü"}'));
      app.get('/typed', (_request, reply) => {
        reply.type(JSON_UTF8).send(new Uint8Array(Buffer.from('{"a":1}')));
      });
      app.get('/two-bytes', (_request, reply) => {
        reply.send(Uint16Array.from([0x4142, 0x4344]));
      });
    },
    asks: [get('/buffer'), get('/typed'), get('/two-bytes')],
  },
  {
    title: 'Reply: streams',
    build: (app) => {
      app.get('/', (_request, reply) => {
        reply.type(JSON_UTF8).send(Readable.from(['{"a":', '[1,', '2]}']));
      });
      app.get('/untyped', async () => Readable.from(['one ', 'two']));
      app.get('/length', (_request, reply) => {
        reply
          .header('content-length', 7)
          .type(JSON_UTF8)
          .send(Readable.from(['{"a":1}']));
      });
    },
    asks: [get('/'), get('/untyped'), get('/length')],
  },
  {
    title: 'Reply: a stream that fails before its first byte',
    build: (app) => {
      app.get('/', (_request, reply) => {
        const stream = new Readable({
          read() {
            this.destroy(Object.assign(new Error('no such file'), { statusCode: 404 }));
          },
        });
        reply.type(JSON_UTF8).send(stream);
      });
    },
    asks: [get('/')],
  },
  {
    title: 'Reply: web streams',
    build: (app) => {
      app.get('/', (_request, reply) => {
        const stream = new ReadableStream({
          async start(controller) {
            controller.enqueue(Buffer.from('{"a":'));
            await tick();
            controller.enqueue(Buffer.from('1}'));
            controller.close();
          },
        });
        reply.type(JSON_UTF8).send(stream);
      });
    },
    asks: [get('/')],
  },
  {
    title: 'Reply: a web Response',
    build: (app) => {
      app.get('/', async () =>
        Response.json({ a: 1 }, { status: 201, headers: { 'x-of-response': 'yes' } }),
      );
      app.get('/empty', async () => new Response(null, { status: 204 }));
      app.get('/text', async () => new Response('text'));
    },
    asks: [get('/'), get('/empty'), get('/text')],
  },
  {
    title: 'Reply: trailers',
    build: (app) => {
      app.get('/', (_request, reply) => {
        reply.trailer('ETag', (_reply, payload, done) => done(null, `"${String(payload).length}"`));
        reply.send({ hello: 'world' });
      });
    },
    asks: [get('/')],
  },
  {
    title: 'Reply: hijack and the raw response',
    build: (app) => {
      app.get('/', (_request, reply) => {
        reply.hijack();
        reply.raw.writeHead(202, 'Taken', { 'Content-Type': 'application/json' });
        reply.raw.write('{"a":');
        reply.raw.end('1}');
      });
      app.get('/later', (_request, reply) => {
        reply.hijack();
        setImmediate(() => {
          reply.raw.setHeader('Content-Type', 'application/json');
          reply.raw.end('{"b":2}');
        });
      });
    },
    asks: [get('/'), get('/later')],
  },
  {
    title: 'Reply: raw without hijack',
    build: (app) => {
      app.get('/', (_request, reply) => {
        reply.raw.setHeader('x-raw', '1');
        reply.header('x-of-reply', '2').send({ a: 1 });
      });
      app.get('/only-raw', (_request, reply) => {
        reply.raw.statusCode = 203;
        reply.raw.end('raw');
      });
    },
    asks: [get('/'), get('/only-raw')],
  },
  {
    title: 'Reply: early hints',
    build: (app) => {
      app.get('/', async (_request, reply) => {
        reply.writeEarlyHints({ Link: '</style.css>; rel=preload; as=style' });
        return { hello: 'world' };
      });
    },
    asks: [get('/')],
  },
  {
    title: 'Reply: an event stream by hand',
    build: (app) => {
      app.get('/', (_request, reply) => {
        reply.raw.writeHead(200, {
          'Content-Type': 'text/event-stream',
          'Cache-Control': 'no-cache',
          'X-Accel-Buffering': 'no',
        });
        reply.hijack();
        reply.raw.write('data: 1\n\n');
        setImmediate(() => reply.raw.end('data: 2\n\n'));
      });
      app.get('/stream', (_request, reply) => {
        reply.type('text/event-stream').send(Readable.from(['data: 1\n\n', 'data: 2\n\n']));
      });
    },
    asks: [get('/'), get('/stream', { Accept: 'text/event-stream' })],
  },
  {
    title: 'Reply: an invalid payload',
    build: (app) => {
      app.get('/', (_request, reply) => {
        reply.type('text/html').send({ an: 'object' });
      });
      app.get('/status', async (_request, reply) => reply.code(1000).send({}));
    },
    asks: [get('/'), get('/status')],
  },
  {
    title: 'Reply: a header that cannot be sent',
    build: (app) => {
      app.get('/', (_request, reply) => {
        reply.header('x-bad', 'line\r\nbreak').send({ a: 1 });
      });
    },
    asks: [get('/')],
  },
];
