import { ServerResponse } from 'node:http';
import type { EndFunction, HeldResponse, WriteFunction } from './message.js';
import { type Taker, takerOf } from './taker.js';

/** What stands in for the functions of all responses of one Express, and what they were. */
export interface PrototypeHooks {
  readonly write: WriteFunction;
  readonly end: EndFunction;
  readonly realWrite: WriteFunction;
  readonly realEnd: EndFunction;
}

/** By the prototype that they stand on, once each: over themselves they would call each other. */
const installed = new WeakMap<object, PrototypeHooks>();

/**
 * Express gives every response the prototype of its app after it was made, and each property that is
 * added to such an object afterwards costs microseconds. So the two that are the same for all stand
 * on the prototype that all apps of one copy of Express share. It is not an app's own that is taken,
 * since an app hands its response on to others, mounted or called. `undefined` for all other
 * responses, and where anybody has put functions of their own before these.
 */
export function prototypeHooks(res: HeldResponse): PrototypeHooks | undefined {
  const prototype: object = Object.getPrototypeOf(res);
  if (prototype === ServerResponse.prototype || !Object.hasOwn(prototype, 'app')) return undefined;
  const shared = sharedPrototype(prototype);
  if (shared === undefined) return undefined;
  const hooks = installed.get(shared) ?? install(shared);
  return res.write === hooks?.write && res.end === hooks.end ? hooks : undefined;
}

/** The one above Node's own. */
function sharedPrototype(prototype: object): object | undefined {
  let shared = prototype;
  for (;;) {
    const above: unknown = Object.getPrototypeOf(shared);
    if (above === ServerResponse.prototype) return shared;
    if (typeof above !== 'object' || above === null) return undefined;
    shared = above;
  }
}

/** `undefined` if the application has frozen it. */
function install(prototype: object): PrototypeHooks | undefined {
  if (!Object.isExtensible(prototype)) return undefined;
  const { write: realWrite, end: realEnd } = prototype as HeldResponse;
  const hooks: PrototypeHooks = {
    write(this: HeldResponse, ...args: unknown[]) {
      const taker = hookedTakerOf(this, hooks);
      return taker === undefined ? realWrite.apply(this, args) : taker.onWrite(args);
    },
    end(this: HeldResponse, ...args: unknown[]): HeldResponse {
      const taker = hookedTakerOf(this, hooks);
      return taker === undefined ? realEnd.apply(this, args) : taker.onEnd(args);
    },
    realWrite,
    realEnd,
  };
  for (const name of ['write', 'end'] as const) {
    Object.defineProperty(prototype, name, {
      value: hooks[name],
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }
  installed.set(prototype, hooks);
  return hooks;
}

/** A response of this prototype may be watched by functions of its own, which come by here, too. */
function hookedTakerOf(res: HeldResponse, hooks: PrototypeHooks): Taker | undefined {
  const taker = takerOf(res);
  return taker?.hooks === hooks ? taker : undefined;
}
