import type { Shape } from '../harness/shape.js';

const BODILESS = [204, 205, 304];

const bodilessShapes = BODILESS.flatMap((status): Shape[] => [
  {
    title: `${status} without a body`,
    handler(probe, _req, res) {
      res.statusCode = status;
      probe.call('end');
    },
  },
  {
    title: `${status} with a body by end`,
    handler(probe, _req, res) {
      res.statusCode = status;
      probe.call('setHeader', 'ETag', '"tag"');
      probe.call('end', 'body', probe.callback('end'));
    },
  },
  {
    title: `${status} with a body by write`,
    handler(probe) {
      probe.call('writeHead', status);
      probe.call('write', 'bo', probe.callback('write'));
      probe.call('end', 'dy');
    },
  },
]);

export const statusShapes: readonly Shape[] = [
  ...bodilessShapes,
  {
    title: 'a body where none may be, on a server that rejects it',
    http1Only: true,
    server: { rejectNonStandardBodyWrites: true } as never,
    handler(probe, _req, res) {
      res.statusCode = 204;
      probe.call('write', 'bo');
      probe.call('end', 'dy');
      probe.giveUp();
    },
  },
  {
    title: 'a status by statusCode and statusMessage',
    http1Only: true,
    handler(probe, _req, res) {
      res.statusCode = 418;
      res.statusMessage = 'Short and stout';
      probe.call('end', 'body');
    },
  },
  {
    title: 'a status that is set after the head',
    handler(probe, _req, res) {
      probe.call('write', 'bo');
      probe.do('statusCode = 500', () => {
        res.statusCode = 500;
      });
      probe.call('end', 'dy');
    },
  },
  {
    title: 'a statusCode that is invalid',
    http1Only: true,
    handler(probe, _req, res) {
      probe.do('statusCode = 1', () => {
        res.statusCode = 1;
      });
      probe.call('end', 'body');
      probe.call('write', 'body');
      res.statusCode = 500;
      probe.call('end', 'sorry');
    },
  },
  {
    title: 'a statusMessage that is invalid',
    http1Only: true,
    handler(probe, _req, res) {
      res.statusMessage = 'Fine\r\nX-One: 1';
      probe.call('end', 'body');
      res.statusMessage = 'Fine';
      probe.call('end', 'body');
    },
  },
  {
    title: '206 with a range',
    handler(probe, req) {
      const range = req.headers.range === undefined ? '0-3' : '2-5';
      probe.call('writeHead', 206, {
        'Content-Range': `bytes ${range}/10`,
        'Content-Length': 4,
        'Accept-Ranges': 'bytes',
      });
      probe.call('end', 'byte');
    },
  },
  {
    title: '304 when the tag matches',
    handler(probe, req, res) {
      probe.call('setHeader', 'ETag', '"tag"');
      const fresh = req.headers['if-none-match'] === '"tag"';
      if (fresh) res.statusCode = 304;
      probe.call('end', fresh ? undefined : 'body');
    },
  },
  {
    title: 'a redirect',
    handler(probe) {
      probe.call('writeHead', 302, { Location: '/elsewhere', 'Content-Length': 0 });
      probe.call('end');
    },
  },
  {
    title: 'an error as JSON',
    handler(probe) {
      const json = JSON.stringify({ error: 'not found' });
      probe.call('writeHead', 404, {
        'Content-Type': 'application/json',
        'Content-Length': Buffer.byteLength(json),
      });
      probe.call('end', json);
    },
  },
  {
    title: 'HTML',
    handler(probe) {
      probe.call('setHeader', 'Content-Type', 'text/html; charset=utf-8');
      probe.call('write', '<p>');
      probe.call('end', '</p>');
    },
  },
  {
    title: 'JSON in a charset of its own',
    handler(probe) {
      probe.call('setHeader', 'Content-Type', 'application/json; charset=utf-16le');
      probe.call('write', '{"a":', 'utf16le');
      probe.call('end', '1}', 'utf16le');
    },
  },
];
