import { holdOpen } from '@holdopen/node';
import type { RequestName } from './requests.js';
import type { Listener } from './shape.js';
import type { Transport } from './transports.js';

export interface Mount {
  readonly name: string;
  readonly plain: (handler: Listener) => Listener;
  readonly held: (handler: Listener) => Listener;
  /** Where not every request is worth its time. */
  readonly requests?: readonly RequestName[];
}

const direct = (handler: Listener): Listener => handler;

/** Where holdopen stands, and the same place without it. Intervals are the defaults: no beat comes. */
const MOUNTS: readonly Mount[] = [
  { name: 'listener', plain: direct, held: (handler) => holdOpen(handler, {}) },
  {
    name: 'middleware',
    plain: (handler) => asMiddleware((_req, _res, next) => next(), handler),
    held: (handler) => asMiddleware(holdOpen({}), handler),
  },
  {
    name: 'middleware around a listener',
    plain: (handler) => asMiddleware((_req, _res, next) => next(), handler),
    held: (handler) => asMiddleware(holdOpen({}), holdOpen(handler, {})),
  },
  {
    name: 'switched off within a mount',
    plain: direct,
    held: (handler) => holdOpen(holdOpen(handler, { intervalMs: false }), {}),
    requests: ['GET', 'HEAD', 'POST with a body', 'HTTP/1.0', 'pipelined requests'],
  },
];

/** A handshake for every request takes long, and the mounts are the same with it and without. */
export function mountsOver(transport: Transport): readonly Mount[] {
  return transport === 'https' ? MOUNTS.slice(0, 1) : MOUNTS;
}

/** As connect calls it: what the handler returns goes nowhere. */
function asMiddleware(
  middleware: (
    req: Parameters<Listener>[0],
    res: Parameters<Listener>[1],
    next: () => void,
  ) => void,
  handler: Listener,
): Listener {
  return function (this: unknown, req, res, ...extra) {
    middleware(req, res, () => {
      Reflect.apply(handler, this, [req, res, ...extra]);
    });
  };
}
