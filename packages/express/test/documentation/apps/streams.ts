// Streams, as guides and the examples of Express show them.
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type DocumentedApp, FILES, get } from '../app.js';

export const STREAMS: readonly DocumentedApp[] = [
  {
    title: 'an event stream',
    build(app) {
      app.get('/events', (_req, res) => {
        res.set({ 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
        res.flushHeaders();
        for (let id = 0; id < 3; id++) res.write(`id: ${id}\ndata: {"count":${id}}\n\n`);
        res.end();
      });
    },
    requests: [get('/events'), get('/events', { Accept: 'text/event-stream' })],
  },
  {
    title: 'records that are streamed line by line',
    build(app) {
      app.get('/', async (_req, res) => {
        res.type('application/x-ndjson');
        for (const id of [1, 2, 3]) {
          res.write(`${JSON.stringify({ id })}\n`);
          await Promise.resolve();
        }
        res.end();
      });
    },
    requests: [get('/')],
  },
  {
    title: 'a JSON document that is streamed',
    build(app) {
      app.get('/', (_req, res) => {
        res.type('json');
        res.write('[');
        res.write('{"id":1},');
        res.end('{"id":2}]');
      });
    },
    requests: [get('/')],
  },
  {
    title: 'a file that is piped, and one that is not there',
    build(app) {
      app.get('/file', (_req, res) => void createReadStream(`${FILES}/long.txt`).pipe(res));
      app.get('/json', async (_req, res) => {
        await pipeline(createReadStream(`${FILES}/data.json`), res.type('json'));
      });
      app.get('/none', (_req, res, next) => {
        createReadStream(`${FILES}/none`)
          .on('error', () => next(Object.assign(new Error('none'), { status: 404 })))
          .pipe(res);
      });
    },
    requests: ['/file', '/json', '/none'].map((path) => get(path)),
  },
  {
    title: 'a stream that is longer than the buffers',
    build(app) {
      app.get('/', async (_req, res) => {
        const parts = Array.from({ length: 40 }, (_, i) => `${i}`.repeat(5_000));
        await pipeline(Readable.from(parts), res.type('txt'));
      });
    },
    requests: [get('/')],
  },
];
