// Runs the comparison on wrappers with one fault each, and prints what it noticed of each: a
// comparison that notices nothing would prove nothing.
import { SHAPES } from '../shapes/index.js';
import { compareShape } from './compare.js';
import type { Mount } from './mounts.js';
import type { Listener } from './shape.js';

/** The first difference that each fault makes. */
export type Noticed = Record<string, string | null>;

type Fault = (handler: Listener) => Listener;

function beforeHandler(change: (...args: Parameters<Listener>) => void): Fault {
  return (handler) =>
    function (this: unknown, ...args) {
      change(...args);
      return Reflect.apply(handler, this, args);
    };
}

const FAULTS = {
  'listens for close': beforeHandler((_req, res) => res.on('close', () => {})),
  'listens to the socket': beforeHandler((req) => req.socket.once('close', () => {})),
  'reads the request': beforeHandler((req) => req.resume()),
  'switches the time-out off': beforeHandler((req) => req.socket.setTimeout(0)),
  'sets a header up front': beforeHandler((_req, res) => {
    res.setHeader('X-Accel-Buffering', 'no');
  }),
  'flushes the head': beforeHandler((_req, res) => res.flushHeaders()),
  'returns nothing from write': beforeHandler((_req, res) => {
    const { write } = res;
    Reflect.set(res, 'write', (...args: unknown[]) => void Reflect.apply(write, res, args));
  }),
  'drops the encoding': beforeHandler((_req, res) => {
    const { end } = res;
    Reflect.set(res, 'end', (chunk: unknown) => Reflect.apply(end, res, [chunk]));
  }),
  'makes a write and an end of one end': beforeHandler((_req, res) => {
    const { end } = res;
    Reflect.set(res, 'end', (...[chunk, ...rest]: unknown[]) => {
      if (typeof chunk === 'string') res.write(chunk);
      return Reflect.apply(end, res, rest);
    });
  }),
  'ends in a later turn': beforeHandler((_req, res) => {
    const { end } = res;
    Reflect.set(res, 'end', (...args: unknown[]) => {
      process.nextTick(() => Reflect.apply(end, res, args));
      return res;
    });
  }),
  'swallows what comes after the end': beforeHandler((_req, res) => {
    const { write } = res;
    Reflect.set(res, 'write', (...args: unknown[]) =>
      res.writableEnded ? false : Reflect.apply(write, res, args),
    );
  }),
  'hands on a proxy': (handler) =>
    function (this: unknown, req, res, ...extra) {
      return Reflect.apply(handler, this, [req, Object.create(res), ...extra]);
    },
  'loses the server':
    (handler) =>
    (...args) =>
      Reflect.apply(handler, undefined, args),
  'loses the returned value': (handler) =>
    function (this: unknown, ...args) {
      Reflect.apply(handler, this, args);
    },
  'wraps the returned promise': (handler) =>
    async function (this: unknown, ...args) {
      return await Reflect.apply(handler, this, args);
    },
  'catches what is thrown': (handler) =>
    function (this: unknown, ...args) {
      try {
        return Reflect.apply(handler, this, args);
      } catch {
        args[1].writeHead(500).end();
        return undefined;
      }
    },
  'calls the handler in a later turn': (handler) =>
    function (this: unknown, ...args) {
      process.nextTick(() => Reflect.apply(handler, this, args));
    },
} as const satisfies Record<string, Fault>;

async function firstDifference(fault: Fault): Promise<string | null> {
  const mount = {
    name: 'faulty',
    plain: (handler: Listener) => handler,
    held: fault,
    requests: ['GET'],
  } as const satisfies Mount;
  for (const shape of SHAPES) {
    const { differences } = await compareShape(shape, 'http', [mount]);
    if (differences[0] !== undefined) return `${shape.title}: ${differences[0]}`;
  }
  return null;
}

const noticed: Noticed = {};
for (const [name, fault] of Object.entries(FAULTS)) noticed[name] = await firstDifference(fault);
process.stdout.write(JSON.stringify(noticed));
