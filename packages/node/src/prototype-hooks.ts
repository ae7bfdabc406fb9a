import { ServerResponse } from 'node:http';
import type { EndFunction, HeldResponse, WriteFunction } from './message.js';
import { type Taker, takerOf } from './taker.js';

/** What stands in for `write` of all responses of one prototype, and what its functions were. */
export interface PrototypeHooks {
  readonly write: WriteFunction;
  readonly realWrite: WriteFunction;
  readonly realEnd: EndFunction;
}

/** By the function that stands in for `write`: a mounted app inherits from the one around it. */
const hooked = new WeakMap<WriteFunction, PrototypeHooks>();

/**
 * Express gives every response the prototype of its app after it was made, and each property that is
 * added to such an object afterwards costs microseconds. So the two that are the same for all stand
 * on that prototype, which each app has for itself. `undefined` for all other responses, and where
 * some middleware has put functions of its own on this one already.
 */
export function prototypeHooks(res: HeldResponse): PrototypeHooks | undefined {
  const prototype: object = Object.getPrototypeOf(res);
  if (prototype === ServerResponse.prototype || !Object.hasOwn(prototype, 'app')) return undefined;
  if (Object.hasOwn(res, 'write') || Object.hasOwn(res, 'end')) return undefined;
  return hooked.get(res.write) ?? install(prototype);
}

function install(prototype: object): PrototypeHooks {
  const { write: realWrite, end: realEnd } = prototype as HeldResponse;
  const hooks: PrototypeHooks = {
    write(this: HeldResponse, ...args: unknown[]) {
      const taker = hookedTakerOf(this);
      return taker === undefined ? realWrite.apply(this, args) : taker.onWrite(args);
    },
    realWrite,
    realEnd,
  };
  function end(this: HeldResponse, ...args: unknown[]): HeldResponse {
    const taker = hookedTakerOf(this);
    return taker === undefined ? realEnd.apply(this, args) : taker.onEnd(args);
  }
  for (const [name, value] of Object.entries({ write: hooks.write, end })) {
    Object.defineProperty(prototype, name, { value, writable: true, configurable: true });
  }
  hooked.set(hooks.write, hooks);
  return hooks;
}

/** A response of this prototype may be watched by functions of its own, which come by here, too. */
function hookedTakerOf(res: HeldResponse): Taker | undefined {
  const taker = takerOf(res);
  return taker?.hooks === undefined ? undefined : taker;
}
