import { ServerResponse } from 'node:http';
import type { EndFunction, HeldResponse, WriteFunction } from './message.js';

/** What stands in for `write` and `end` of all responses of one prototype, and what they were. */
export interface PrototypeHooks {
  readonly write: WriteFunction;
  readonly realWrite: WriteFunction;
  readonly realEnd: EndFunction;
}

/** Who takes part in a write or an end; `undefined` where they go their own way. */
export interface Taker {
  onWrite(args: unknown[]): boolean;
  onEnd(args: unknown[]): HeldResponse;
}

/** By the function that stands in for `write`: a mounted app inherits from the one around it. */
const hooked = new WeakMap<WriteFunction, PrototypeHooks>();

/**
 * Express gives every response the prototype of its app after it was made, and each property that is
 * added to such an object afterwards costs microseconds. So the two that are the same for all stand
 * on that prototype, which each app has for itself. `undefined` for all other responses, and where
 * some middleware has put functions of its own on this one already.
 */
export function prototypeHooks(
  res: HeldResponse,
  takerOf: (res: HeldResponse) => Taker | undefined,
): PrototypeHooks | undefined {
  const prototype: object = Object.getPrototypeOf(res);
  if (prototype === ServerResponse.prototype || !Object.hasOwn(prototype, 'app')) return undefined;
  if (Object.hasOwn(res, 'write') || Object.hasOwn(res, 'end')) return undefined;
  return hooked.get(res.write) ?? install(prototype, takerOf);
}

function install(
  prototype: object,
  takerOf: (res: HeldResponse) => Taker | undefined,
): PrototypeHooks {
  const { write: realWrite, end: realEnd } = prototype as HeldResponse;
  const hooks: PrototypeHooks = {
    write(this: HeldResponse, ...args: unknown[]) {
      const taker = takerOf(this);
      return taker === undefined ? realWrite.apply(this, args) : taker.onWrite(args);
    },
    realWrite,
    realEnd,
  };
  const end = function end(this: HeldResponse, ...args: unknown[]): HeldResponse {
    const taker = takerOf(this);
    return taker === undefined ? realEnd.apply(this, args) : taker.onEnd(args);
  };
  for (const [name, value] of Object.entries({ write: hooks.write, end })) {
    Object.defineProperty(prototype, name, { value, writable: true, configurable: true });
  }
  hooked.set(hooks.write, hooks);
  return hooks;
}
