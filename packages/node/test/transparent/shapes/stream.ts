import { once } from 'node:events';
import { finished, PassThrough, pipeline, Readable, Transform, Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { Shape } from '../harness/shape.js';

const EVENTS = ['\ufeffid: 1\n', 'data: one\n\n', 'event: two\r\ndata: a\r', '\ndata: b\r\n\r\n'];

function* megabyte(): Generator<Buffer> {
  for (let i = 0; i < 64; i += 1) yield Buffer.alloc(16 << 10, `${i} `);
}

/** Echoes what arrives. `big`, since the pieces of a request are up to the system. */
export const streamShapes: readonly Shape[] = [
  {
    title: 'an event stream that ends before a beat is due',
    async handler(probe) {
      probe.call('writeHead', 200, { 'Content-Type': 'text/event-stream' });
      for (const piece of EVENTS) {
        probe.call('write', piece);
        await turn();
      }
      probe.call('end');
    },
  },
  {
    title: 'an event stream in bytes, cut within a character',
    async handler(probe) {
      probe.call('setHeader', 'Content-Type', 'text/event-stream');
      const bytes = Buffer.from('data: 🌍\n\n');
      probe.call('write', bytes.subarray(0, 8));
      await turn();
      probe.call('write', bytes.subarray(8), probe.callback('write'));
      probe.call('end', ': bye\n\n');
    },
  },
  {
    title: 'JSON in pieces',
    async handler(probe) {
      probe.call('setHeader', 'Content-Type', 'application/json');
      for (const piece of ['\n {"text": "a\\', '"b", "number": -1', '.5e3 , "list"', ':[]}', ' ']) {
        probe.call('write', piece, probe.callback('write'));
        await turn();
      }
      probe.call('end', probe.callback('end'));
    },
  },
  {
    title: 'NDJSON in pieces',
    async handler(probe) {
      probe.call('setHeader', 'Content-Type', 'application/x-ndjson');
      probe.call('write', '{"a":1}\n{"b"');
      await turn();
      probe.call('end', ':2}\n');
    },
  },
  {
    title: 'a JSON sequence',
    handler(probe) {
      probe.call('setHeader', 'Content-Type', 'application/json-seq');
      probe.call('write', '\x1e{"a":1}\n');
      probe.call('end', '\x1e{"b":2}\n');
    },
  },
  {
    title: 'JSON under gzip',
    handler(probe) {
      probe.call('writeHead', 200, {
        'Content-Type': 'application/json',
        'Content-Encoding': 'gzip',
      });
      const bytes = gzipSync('{"a":1}');
      probe.call('write', bytes.subarray(0, 9));
      probe.call('end', bytes.subarray(9));
    },
  },
  {
    title: 'a pipe from a stream',
    handler(probe, _req, res) {
      probe.do('pipe', () => Readable.from(['one', 'two', 'three']).pipe(res));
    },
  },
  {
    title: 'a pipe with back-pressure',
    big: true,
    handler(probe, _req, res) {
      probe.do('pipe', () => Readable.from(megabyte()).pipe(res));
    },
  },
  {
    title: 'a pipeline with its callback',
    handler(probe, _req, res) {
      pipeline(Readable.from(['one', 'two']), new PassThrough(), res, probe.callback('pipeline'));
    },
  },
  {
    title: 'a pipeline whose source fails',
    http1Only: true,
    handler(probe, _req, res) {
      async function* broken(): AsyncGenerator<string> {
        yield 'one';
        await turn();
        throw new Error('broken source');
      }
      pipeline(Readable.from(broken()), res, probe.callback('pipeline'));
    },
  },
  {
    title: 'a pipe that does not end the response',
    handler(probe, _req, res) {
      const source = Readable.from(['one', 'two']);
      source.pipe(res, { end: false });
      source.on('end', () => probe.call('end', 'three'));
    },
  },
  {
    title: 'a pipe to the response as a web stream',
    http1Only: true,
    handler(probe, _req, res) {
      const source = new ReadableStream({
        start(controller) {
          controller.enqueue(Buffer.from('web'));
          controller.close();
        },
      });
      return source.pipeTo(Writable.toWeb(res)).then(probe.callback('piped'));
    },
  },
  {
    title: 'a pipe out of the response',
    handler(probe) {
      probe.call('pipe', new PassThrough());
      probe.res.on('error', probe.callback('error'));
      setImmediate(() => probe.call('end', 'x'));
    },
  },
  {
    title: 'stream.finished of the response',
    handler(probe, _req, res) {
      finished(res, probe.callback('finished'));
      probe.call('end', 'x');
    },
  },
  {
    title: 'stream.finished of a response that was destroyed',
    handler(probe, _req, res) {
      finished(res, probe.callback('finished'));
      probe.call('write', 'x');
      setImmediate(() => probe.call('destroy'));
    },
  },
  {
    title: 'events.once of the response',
    async handler(probe, _req, res) {
      probe.call('end', 'x');
      await once(res, 'finish');
      probe.note('finish was awaited');
    },
  },
  {
    title: 'the body read before the answer',
    big: true,
    handler(probe, req) {
      const chunks: Buffer[] = [];
      req.on('data', (chunk: Buffer) => chunks.push(chunk));
      req.on('end', () => {
        probe.call('setHeader', 'X-Trailers', JSON.stringify(req.trailers));
        probe.call('end', Buffer.concat(chunks));
      });
    },
  },
  {
    title: 'the body read by iteration',
    big: true,
    async handler(probe, req) {
      let text = '';
      for await (const chunk of req) text += String(chunk);
      probe.call('end', text, probe.callback('end'));
    },
  },
  {
    title: 'the body left unread',
    handler(probe) {
      probe.call('end', 'no thanks');
      probe.req.on('close', probe.callback('close'));
    },
  },
  {
    title: 'the body dumped',
    big: true,
    handler(probe, req) {
      req.resume();
      req.on('end', () => probe.call('end', 'dumped'));
    },
  },
  {
    title: 'an echo by pipe',
    big: true,
    handler(probe, req, res) {
      probe.do('pipe', () => req.pipe(res));
    },
  },
  {
    title: 'an echo through a transform',
    big: true,
    handler(probe, req, res) {
      const upper = new Transform({
        transform(chunk, _encoding, callback) {
          callback(null, String(chunk).toUpperCase());
        },
      });
      pipeline(req, upper, res, probe.callback('pipeline'));
    },
  },
  {
    title: 'the request paused, then read',
    big: true,
    handler(probe, req) {
      req.pause();
      setImmediate(() => {
        req.on('data', () => {});
        req.on('end', () => probe.call('end', 'read'));
        req.resume();
      });
    },
  },
];
