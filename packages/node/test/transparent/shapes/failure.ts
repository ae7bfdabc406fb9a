import { NOT_PIPELINED } from '../harness/requests.js';
import type { Shape } from '../harness/shape.js';

const WRONG_CHUNKS: readonly unknown[] = [undefined, null, 5, true, ['a'], {}, Symbol.iterator];

export const failureShapes: readonly Shape[] = [
  {
    title: 'end twice',
    handler(probe) {
      probe.call('end', 'x', probe.callback('first end'));
      probe.call('end', probe.callback('second end'));
      probe.call('end');
    },
  },
  {
    title: 'end twice with chunks',
    handler(probe, _req, res) {
      res.on('error', probe.callback('error'));
      probe.call('end', 'x', probe.callback('first end'));
      probe.call('end', 'y', probe.callback('second end'));
    },
  },
  {
    title: 'end again once it is finished',
    handler(probe, _req, res) {
      res.on('finish', () => {
        probe.call('end', probe.callback('second end'));
        probe.call('end', 'y', probe.callback('third end'));
      });
      res.on('error', probe.callback('error'));
      probe.call('end', 'x');
    },
  },
  {
    title: 'write after end',
    handler(probe, _req, res) {
      res.on('error', probe.callback('error'));
      probe.call('end', 'x');
      probe.call('write', 'y', probe.callback('write'));
      probe.call('write', 'z', 'latin1', probe.callback('write'));
    },
  },
  {
    title: 'write after end that nobody listens to',
    http1Only: true,
    requests: NOT_PIPELINED,
    handler(probe) {
      probe.call('end', 'x');
      probe.call('write', 'y');
    },
  },
  {
    title: 'writes of what cannot be written',
    handler(probe) {
      for (const wrong of WRONG_CHUNKS) probe.call('write', wrong, probe.callback('write'));
      probe.call('end', 'x');
    },
  },
  {
    title: 'writes of what cannot be written after the body began',
    handler(probe) {
      probe.call('setHeader', 'Content-Type', 'text/event-stream');
      probe.call('write', 'data: x\n\n');
      for (const wrong of WRONG_CHUNKS) probe.call('write', wrong);
      probe.call('end', 'x');
    },
  },
  {
    title: 'end with what cannot be written',
    http1Only: true,
    handler(probe) {
      for (const wrong of WRONG_CHUNKS.slice(2)) probe.call('end', wrong, probe.callback('end'));
      probe.call('end', 'x');
    },
  },
  {
    title: 'encodings that do not exist',
    http1Only: true,
    requests: NOT_PIPELINED,
    handler(probe) {
      probe.call('write', 'x', 'nonsense');
      probe.call('end', 'y', 'nonsense');
      probe.call('end', 'z');
    },
  },
  {
    title: 'encodings that do not exist after the body began',
    http1Only: true,
    requests: NOT_PIPELINED,
    handler(probe) {
      probe.call('setHeader', 'Content-Type', 'text/event-stream');
      probe.call('write', 'x');
      probe.call('write', 'y', 'nonsense');
      probe.call('write', 'z', 5);
      probe.call('end');
    },
  },
  { title: 'destroy', handler: (probe) => probe.call('destroy') },
  {
    title: 'destroy with an error',
    handler(probe, _req, res) {
      res.on('error', probe.callback('error'));
      probe.call('destroy', new Error('broken'));
    },
  },
  {
    title: 'destroy after the body began',
    handler(probe) {
      probe.call('write', 'x', probe.callback('write'));
      setImmediate(() => probe.call('destroy'));
    },
  },
  {
    title: 'destroy after end',
    handler(probe) {
      probe.call('end', 'x', probe.callback('end'));
      probe.call('destroy');
    },
  },
  {
    title: 'write and end after destroy',
    handler(probe, _req, res) {
      res.on('error', probe.callback('error'));
      probe.call('destroy');
      probe.call('write', 'x', probe.callback('write'));
      probe.call('end', 'y', probe.callback('end'));
    },
  },
  {
    title: 'the socket destroyed',
    http1Only: true,
    handler(probe, _req, res) {
      probe.do('socket.destroy', () => void res.socket?.destroy());
    },
  },
  {
    title: 'the socket destroyed in the middle of the body',
    http1Only: true,
    handler(probe, _req, res) {
      probe.call('write', 'x');
      setImmediate(() => {
        probe.do('socket.destroy', () => void res.socket?.destroy(new Error('socket broken')));
      });
    },
  },
  {
    title: 'the socket ended',
    http1Only: true,
    handler(probe, _req, res) {
      probe.do('socket.end', () => void res.socket?.end());
      setImmediate(() => probe.call('end', 'x'));
    },
  },
  {
    title: 'the request destroyed',
    // Over HTTP/2 Node leaves the stream open, and the handler is to answer.
    http1Only: true,
    handler(probe, req) {
      probe.do('req.destroy', () => void req.destroy());
    },
  },
  {
    title: 'an answer after the request was destroyed',
    handler(probe, req, res) {
      res.on('error', probe.callback('error'));
      probe.do('req.destroy', () => void req.destroy());
      setImmediate(() => probe.call('end', 'x', probe.callback('end')));
    },
  },
  {
    title: 'a throw before the answer',
    http1Only: true,
    handler() {
      throw new Error('thrown at once');
    },
  },
  {
    title: 'a throw after the body began',
    http1Only: true,
    handler(probe) {
      probe.call('write', 'x');
      throw new TypeError('thrown in the middle');
    },
  },
  {
    title: 'a throw after the end',
    http1Only: true,
    requests: NOT_PIPELINED,
    handler(probe) {
      probe.call('end', 'x');
      throw new Error('thrown at the end');
    },
  },
  {
    title: 'a throw of something that is no error',
    http1Only: true,
    handler() {
      throw 'a string';
    },
  },
  {
    title: 'a throw from another turn',
    http1Only: true,
    handler() {
      setImmediate(() => {
        throw new Error('thrown later');
      });
    },
  },
  {
    title: 'a rejection before the answer',
    async handler() {
      throw new Error('rejected');
    },
  },
  {
    title: 'a rejection after the body began',
    async handler(probe) {
      probe.call('write', 'x');
      await Promise.resolve();
      throw new Error('rejected in the middle');
    },
  },
  {
    title: 'a rejection after the end',
    async handler(probe) {
      probe.call('end', 'x');
      throw new Error('rejected at the end');
    },
  },
  {
    title: 'a rejection on a server that captures rejections',
    http1Only: true,
    captureRejections: true,
    async handler() {
      throw new Error('captured');
    },
  },
  {
    title: 'a rejection after the body began, on a server that captures rejections',
    http1Only: true,
    captureRejections: true,
    async handler(probe) {
      probe.call('setHeader', 'X-One', '1');
      probe.call('write', 'x');
      throw new Error('captured');
    },
  },
  {
    title: 'a rejection in a listener of the response that captures rejections',
    http1Only: true,
    captureRejections: true,
    handler(probe, _req, res) {
      res.on('pipe', async () => {
        throw new Error('captured by the response');
      });
      res.emit('pipe', res);
      probe.note('goes on');
    },
  },
];
