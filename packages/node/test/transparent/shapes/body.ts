import type { Shape } from '../harness/shape.js';

const TEXT = 'Zażółć gęślą jaźń 🌍';
const ENCODINGS: readonly (readonly [BufferEncoding, string])[] = [
  ['latin1', 'caf\u00e9 \u00ff'],
  ['hex', '00ff10e2'],
  ['base64', 'AAECA/8='],
  ['base64url', 'AAECA_8'],
  ['utf16le', TEXT],
  ['ascii', 'plain\u00e9'],
  ['utf8', TEXT],
];

const encodingShapes = ENCODINGS.flatMap(([encoding, text]): Shape[] => [
  {
    title: `end(chunk, '${encoding}', callback)`,
    handler: (probe) => probe.call('end', text, encoding, probe.callback('end')),
  },
  {
    title: `write(chunk, '${encoding}', callback), then end(chunk, '${encoding}')`,
    handler(probe) {
      probe.call('write', text, encoding, probe.callback('write'));
      probe.call('end', text, encoding);
    },
  },
]);

const nothings = [undefined, null, '', Buffer.alloc(0)];

export const bodyShapes: readonly Shape[] = [
  { title: 'end with a string', handler: (probe) => probe.call('end', 'x') },
  { title: 'end with a long string', handler: (probe) => probe.call('end', TEXT.repeat(300)) },
  { title: 'end with a buffer', handler: (probe) => probe.call('end', Buffer.from(TEXT)) },
  { title: 'end with a Uint8Array', handler: (probe) => probe.call('end', Uint8Array.of(0, 255)) },
  { title: 'end with nothing', handler: (probe) => probe.call('end') },
  {
    title: 'end with a callback alone',
    handler: (probe) => probe.call('end', probe.callback('end')),
  },
  {
    title: 'end with a chunk and a callback',
    handler: (probe) => probe.call('end', TEXT, probe.callback('end')),
  },
  {
    title: 'end with three arguments of which two are missing',
    handler: (probe) => probe.call('end', undefined, undefined, probe.callback('end')),
  },
  ...nothings.map((nothing) => ({
    title: `end with ${Buffer.isBuffer(nothing) ? 'an empty buffer' : JSON.stringify(nothing)}`,
    handler: (probe: Parameters<Shape['handler']>[0]) =>
      probe.call('end', nothing, probe.callback('end')),
  })),
  ...encodingShapes,
  {
    title: 'write, then end',
    handler(probe) {
      probe.call('write', 'one');
      probe.call('end');
    },
  },
  {
    title: 'write, then end with a chunk',
    handler(probe) {
      probe.call('write', 'one');
      probe.call('end', 'two');
    },
  },
  {
    title: 'many writes of strings and buffers with callbacks',
    handler(probe) {
      for (let i = 0; i < 5; i += 1) {
        probe.call(
          'write',
          i % 2 === 0 ? `${i} ${TEXT}` : Buffer.from([i]),
          probe.callback(`${i}`),
        );
      }
      probe.call('end', probe.callback('end'));
    },
  },
  {
    title: 'writes in separate turns',
    async handler(probe) {
      for (const piece of ['one', 'two', 'three']) {
        probe.call('write', piece, probe.callback(piece));
        await new Promise(setImmediate);
      }
      probe.call('end', 'four', probe.callback('end'));
    },
  },
  {
    title: 'an answer from a later turn',
    handler(probe) {
      setImmediate(() => process.nextTick(() => probe.call('end', 'late')));
    },
  },
  {
    title: 'an answer from a microtask',
    handler: (probe) => Promise.resolve().then(() => void probe.call('end', 'soon')),
  },
  {
    title: 'writes of nothing',
    // Over HTTP/2 Node 20 sends a byte of some memory in place of what follows an empty write.
    http1Only: true,
    handler(probe) {
      probe.call('write', '');
      probe.call('write', Buffer.alloc(0), probe.callback('write'));
      probe.call('write', 'x');
      probe.call('write', '', probe.callback('write'));
      probe.call('end', '');
    },
  },
  {
    title: 'a write of nothing alone',
    handler(probe) {
      probe.call('write', '', probe.callback('write'));
      probe.call('end');
    },
  },
  {
    title: 'cork and uncork',
    handler(probe) {
      probe.call('cork');
      probe.call('write', 'one');
      probe.call('write', 'two', probe.callback('write'));
      probe.call('cork');
      probe.call('write', 'three');
      probe.call('uncork');
      probe.call('uncork');
      probe.call('end', 'four');
    },
  },
  {
    title: 'cork without uncork before end',
    handler(probe) {
      probe.call('cork');
      probe.call('write', 'one');
      probe.call('end', 'two', probe.callback('end'));
    },
  },
  {
    title: 'cork, and uncork in another turn',
    handler(probe) {
      probe.call('cork');
      probe.call('write', 'one');
      setImmediate(() => {
        probe.call('write', 'two');
        probe.call('uncork');
        probe.call('end');
      });
    },
  },
  {
    title: 'a Content-Length and the body in pieces',
    handler(probe) {
      probe.call('setHeader', 'Content-Length', 6);
      probe.call('write', 'one');
      probe.call('end', 'two');
    },
  },
  {
    title: 'a Content-Length that is too long for the body',
    http1Only: true,
    handler(probe) {
      probe.call('setHeader', 'Content-Length', '10');
      probe.call('end', 'short');
    },
  },
  {
    title: 'strictContentLength with a body that is too long',
    http1Only: true,
    handler(probe) {
      probe.res.strictContentLength = true;
      probe.call('setHeader', 'Content-Length', 3);
      probe.call('write', 'four');
      probe.call('write', 'one');
      probe.call('end');
      probe.giveUp();
    },
  },
  {
    title: 'strictContentLength with a body that is too short',
    http1Only: true,
    handler(probe) {
      probe.res.strictContentLength = true;
      probe.call('setHeader', 'Content-Length', 5);
      probe.call('end', 'four');
      probe.call('end', 'fives');
      probe.giveUp();
    },
  },
  {
    title: 'trailers after chunks',
    handler(probe) {
      probe.call('setHeader', 'Trailer', 'X-Sum');
      probe.call('write', 'one');
      probe.call('addTrailers', { 'X-Sum': '1a', 'X-Other': 'b' });
      probe.call('end', 'two');
      // Node throws where there are no chunks.
      probe.giveUp();
    },
  },
  {
    title: 'trailers on a body of known length',
    http1Only: true,
    handler(probe) {
      probe.call('setHeader', 'Content-Length', 3);
      probe.call('addTrailers', { 'X-Sum': '1a' });
      probe.call('end', 'one');
    },
  },
  {
    title: 'trailers that are invalid',
    handler(probe) {
      probe.call('write', 'one');
      probe.call('addTrailers', { 'X Sum': '1a' });
      probe.call('addTrailers', { 'X-Sum': 'a\nb' });
      probe.call('end');
    },
  },
  {
    title: 'finish, close and the end callback in their order',
    handler(probe, _req, res) {
      for (const event of ['prefinish', 'finish', 'close']) res.on(event, probe.callback(event));
      probe.call('end', 'x', probe.callback('end'));
      process.nextTick(probe.callback('nextTick'));
      setImmediate(probe.callback('setImmediate'));
    },
  },
  {
    title: 'a megabyte in one end',
    big: true,
    handler: (probe) =>
      probe.call('end', Buffer.alloc(1 << 20, 'megabyte '), probe.callback('end')),
  },
  {
    title: 'a megabyte of strings that waits for drain',
    big: true,
    handler(probe, _req, res) {
      let left = 64;
      const pump = (): void => {
        while (left > 0) {
          left -= 1;
          if (!res.write(`${left} `.repeat(5000))) {
            res.once('drain', pump);
            return;
          }
        }
        probe.call('end', probe.callback('end'));
      };
      pump();
    },
  },
];
