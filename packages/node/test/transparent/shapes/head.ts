import type { Probe } from '../harness/journal.js';
import type { Shape } from '../harness/shape.js';

/** Heads that Node takes in all their forms, before a body of one chunk. */
const WRITE_HEADS: readonly (readonly [title: string, ...args: unknown[]])[] = [
  ['a code', 200],
  ['a code as a string', '404'],
  ['a code and a reason', 200, 'Splendid'],
  ['a code and headers', 201, { 'Content-Type': 'text/plain', 'X-Number': 5 }],
  ['a code, a reason and headers', 500, 'Oh dear', { 'X-One': '1', 'Content-Length': 4 }],
  ['a code, nothing and headers', 202, undefined, { 'X-One': '1' }],
  ['headers whose values are arrays', 200, { 'Set-Cookie': ['a=1', 'b=2'], 'X-Two': ['1', '2'] }],
  ['a flat array', 200, ['X-One', '1', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'X-One', '3']],
  ['a flat array with a length', 200, ['Content-Length', '4', 'Content-Type', 'text/plain']],
  ['a reason and a flat array', 200, 'Fine', ['X-One', '1']],
  [
    'an array of pairs',
    200,
    [
      ['X-One', '1'],
      ['Set-Cookie', 'a=1'],
      ['Set-Cookie', 'b=2'],
    ],
  ],
  ['an array of an odd length', 200, ['X-One', '1', 'X-Two']],
  ['an empty array', 200, []],
  ['an empty object', 200, {}],
  ['a header without a value', 200, { 'X-One': undefined }],
  ['a header name that is invalid', 200, { 'X One': '1' }],
  ['a header value that is invalid', 200, { 'X-One': 'a\r\nb' }],
  ['a reason that is invalid', 200, 'Fine\r\nX-One: 1'],
  ['a code that is too small', 99],
  ['a code that is too big', 1000],
  ['a code that is none', 'abc'],
  ['a connection that closes', 200, { Connection: 'close' }],
  ['an event stream', 200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' }],
];

const writeHeadShapes = WRITE_HEADS.flatMap(([title, ...args]): Shape[] => [
  {
    title: `writeHead with ${title}`,
    handler(probe) {
      probe.call('writeHead', ...args);
      probe.call('end', 'body');
      probe.giveUp();
    },
  },
  {
    title: `writeHead with ${title} after setHeader, and the body in pieces`,
    handler(probe) {
      probe.call('setHeader', 'X-One', 'before');
      probe.call('setHeader', 'Set-Cookie', ['z=0']);
      probe.call('writeHead', ...args);
      probe.call('write', 'bo');
      probe.call('end', 'dy');
      probe.giveUp();
    },
  },
]);

function readHeaders(probe: Probe): void {
  probe.call('getHeader', 'X-One');
  probe.call('getHeader', 'x-two');
  probe.call('hasHeader', 'X-ONE');
  probe.call('getHeaderNames');
}

export const headShapes: readonly Shape[] = [
  ...writeHeadShapes,
  {
    title: 'writeHead twice',
    handler(probe) {
      probe.call('writeHead', 201, { 'X-One': '1' });
      probe.call('writeHead', 404);
      probe.call('end', 'body');
    },
  },
  {
    title: 'writeHead after the body began',
    handler(probe) {
      probe.call('write', 'bo');
      probe.call('writeHead', 404, { 'X-One': '1' });
      probe.call('end', 'dy');
    },
  },
  {
    title: 'headers set, read, appended and removed',
    handler(probe) {
      probe.call('setHeader', 'X-One', '1');
      probe.call('setHeader', 'X-Two', ['a', 'b']);
      probe.call('setHeader', 'Content-Type', 'application/json');
      probe.call('appendHeader', 'X-One', '2');
      probe.call('appendHeader', 'X-Three', ['x', 'y']);
      readHeaders(probe);
      probe.call('removeHeader', 'X-Two');
      readHeaders(probe);
      probe.call('end', '{}');
      readHeaders(probe);
    },
  },
  {
    title: 'setHeaders with Headers and with a Map',
    handler(probe) {
      const headers = new Headers({ 'X-One': '1', 'Content-Type': 'text/plain' });
      headers.append('Set-Cookie', 'a=1');
      headers.append('Set-Cookie', 'b=2');
      probe.call('setHeaders', headers);
      probe.call('setHeaders', new Map([['X-Two', '2']]));
      probe.call('setHeaders', { 'X-Three': '3' });
      probe.call('end', 'body');
    },
  },
  {
    title: 'chained calls',
    http1Only: true,
    handler(probe, _req, res) {
      probe.do('chain', () =>
        res.setHeader('X-One', '1').writeHead(201, { 'X-Two': '2' }).end('x'),
      );
    },
  },
  {
    title: 'headers with names and values that are invalid',
    handler(probe) {
      probe.call('setHeader', 'X One', '1');
      probe.call('setHeader', '', '1');
      probe.call('setHeader', undefined, '1');
      probe.call('setHeader', 'X-One', undefined);
      probe.call('setHeader', 'X-One', 'a\r\nb');
      probe.call('setHeader', 'X-One', 'caf\u0100');
      probe.call('appendHeader', 'X-One', 'a\0b');
      probe.call('removeHeader', undefined);
      probe.call('getHeader', undefined);
      probe.call('hasHeader', undefined);
      probe.call('end', 'body');
    },
  },
  {
    title: 'headers set after the head was sent',
    handler(probe) {
      probe.call('write', 'bo');
      probe.call('setHeader', 'X-One', '1');
      probe.call('appendHeader', 'X-One', '1');
      probe.call('removeHeader', 'X-One');
      probe.call('end', 'dy');
    },
  },
  {
    title: 'headers with latin1 values',
    http1Only: true,
    handler(probe) {
      probe.call('setHeader', 'X-One', 'caf\u00e9');
      probe.call('end', 'body');
    },
  },
  {
    title: 'flushHeaders, then the body in another turn',
    handler(probe) {
      probe.call('setHeader', 'X-One', '1');
      probe.call('flushHeaders');
      probe.call('flushHeaders');
      setImmediate(() => probe.call('end', 'body'));
    },
  },
  {
    title: 'flushHeaders of an event stream that says nothing',
    handler(probe) {
      probe.call('setHeader', 'Content-Type', 'text/event-stream');
      probe.call('flushHeaders');
      setImmediate(() => probe.call('end'));
    },
  },
  {
    title: 'flushHeaders after end',
    handler(probe) {
      probe.call('end', 'body');
      probe.call('flushHeaders');
    },
  },
  {
    title: 'writeContinue, writeProcessing and writeEarlyHints, then the answer',
    http1Only: true,
    handler(probe) {
      probe.call('writeContinue', probe.callback('continue'));
      probe.call('writeProcessing', probe.callback('processing'));
      const link = '</style.css>; rel=preload; as=style';
      probe.call('writeEarlyHints', { link, 'x-trace': '1' }, probe.callback('hints'));
      probe.call('writeEarlyHints', { link: 'nonsense' });
      probe.call('end', 'body');
    },
  },
  {
    title: 'early hints over either protocol',
    handler(probe) {
      probe.call('writeEarlyHints', { link: '</style.css>; rel=preload; as=style' });
      probe.call('writeHead', 200, { 'X-One': '1' });
      probe.call('end', 'body');
    },
  },
  {
    title: 'the date switched off',
    handler(probe, _req, res) {
      res.sendDate = false;
      probe.call('end', 'body');
    },
  },
  {
    title: 'framing headers removed',
    http1Only: true,
    handler(probe) {
      for (const name of ['Transfer-Encoding', 'Content-Length', 'Connection', 'Date']) {
        probe.call('removeHeader', name);
      }
      probe.call('write', 'bo');
      probe.call('end', 'dy');
    },
  },
  {
    title: 'Transfer-Encoding removed alone',
    http1Only: true,
    handler(probe) {
      probe.call('removeHeader', 'Transfer-Encoding');
      probe.call('write', 'bo');
      probe.call('end', 'dy');
    },
  },
  {
    title: 'Transfer-Encoding set by hand',
    http1Only: true,
    handler(probe) {
      probe.call('setHeader', 'Transfer-Encoding', 'chunked');
      probe.call('end', 'body');
    },
  },
  {
    title: 'chunks switched off',
    http1Only: true,
    handler(probe, _req, res) {
      res.useChunkedEncodingByDefault = false;
      probe.call('write', 'bo');
      probe.call('end', 'dy');
    },
  },
  {
    title: 'keep-alive switched off',
    http1Only: true,
    handler(probe, _req, res) {
      res.shouldKeepAlive = false;
      probe.call('end', 'body');
    },
  },
  {
    title: 'Keep-Alive and Connection set by hand',
    http1Only: true,
    handler(probe) {
      probe.call('setHeader', 'Connection', 'keep-alive');
      probe.call('setHeader', 'Keep-Alive', 'timeout=3');
      probe.call('end', 'body');
    },
  },
  {
    title: 'a server that lets headers stand once only',
    http1Only: true,
    server: { uniqueHeaders: ['x-one', 'set-cookie'] },
    handler(probe) {
      probe.call('setHeader', 'X-One', ['1', '2']);
      probe.call('setHeader', 'Set-Cookie', ['a=1', 'b=2']);
      probe.call('end', 'body');
    },
  },
];
