import type { Context } from 'hono';

/**
 * Microtasks that Hono may need to take the held response: about three, and three more for each
 * sub-app with an error handler of its own.
 */
const MICROTASKS = 100;

/** The call of an app that is held. */
export interface HeldCall {
  /** As it came: middleware may put another one in its place, as `bodyLimit` does. */
  readonly request: Request;
  /** What the runtime handed to the app. */
  readonly env: unknown;
}

/** The part of AsyncLocalStorage that is needed here. */
export interface Inside {
  run<Result>(store: HeldCall, callback: () => Result): Result;
  getStore(): HeldCall | undefined;
}

interface AsyncHooks {
  readonly AsyncLocalStorage?: new () => Inside;
}

/** Tells what runs within our `next()` from what runs around it, where the runtime can. */
export function createInside(): Inside | undefined {
  const { process } = globalThis as { process?: { getBuiltinModule?(id: string): unknown } };
  const hooks = process?.getBuiltinModule?.('node:async_hooks') as AsyncHooks | undefined;
  return hooks?.AsyncLocalStorage === undefined ? undefined : new hooks.AsyncLocalStorage();
}

/**
 * The held response goes out while the handler still works. Hono must see the held one and be
 * finished; middleware and handler, which go on, must see what they see without us: compose would drop
 * what they answer once the context is finalized.
 *
 * Hono takes the held response in the microtasks that follow, for this is its first middleware. After
 * them only the work is left, and the context is again what it was, also for callbacks that have lost
 * their async context.
 */
export async function splitContext(
  c: Context,
  inside: Inside,
  call: HeldCall,
  held: Response,
): Promise<void> {
  const own = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(c), 'res');
  let { finalized } = c;
  const isInside = (): boolean => inside.getStore() === call;
  Object.defineProperty(c, 'finalized', {
    configurable: true,
    enumerable: true,
    get: () => !isInside() || finalized,
    set(value: boolean) {
      if (isInside()) finalized = value;
    },
  });
  Object.defineProperty(c, 'res', {
    configurable: true,
    get: () => (isInside() ? own?.get?.call(c) : held),
    set(value: Response) {
      if (isInside()) own?.set?.call(c, value);
    },
  });
  for (let i = 0; i < MICROTASKS; i++) await undefined;
  Reflect.deleteProperty(c, 'res');
  Object.defineProperty(c, 'finalized', {
    configurable: true,
    enumerable: true,
    writable: true,
    value: finalized,
  });
}

/**
 * For work that outlives its request: what is within has a response, and a request, of its own. Around
 * it the context stays what it is, for good.
 */
export function separateWork(c: Context, inside: Inside, call: HeldCall, request: Request): void {
  const own = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(c), 'res');
  const { header } = c;
  let { finalized } = c;
  const { raw } = c.req;
  let requestOfWork = request;
  const shadow = Reflect.construct(c.constructor, [request, { env: c.env }]) as Context;
  const isInside = (): boolean => inside.getStore() === call;
  Object.defineProperty(c, 'finalized', {
    configurable: true,
    enumerable: true,
    get: () => (isInside() ? shadow.finalized : finalized),
    set(value: boolean) {
      if (isInside()) shadow.finalized = value;
      else finalized = value;
    },
  });
  Object.defineProperty(c, 'res', {
    configurable: true,
    get: () => (isInside() ? shadow.res : own?.get?.call(c)),
    set(value: Response) {
      if (isInside()) shadow.res = value;
      else own?.set?.call(c, value);
    },
  });
  // On a response that is there it changes that response.
  c.header = (...args: Parameters<typeof header>) =>
    isInside() && shadow.finalized ? shadow.header(...args) : header(...args);
  let outer = raw;
  Object.defineProperty(c.req, 'raw', {
    configurable: true,
    enumerable: true,
    get: () => (isInside() ? requestOfWork : outer),
    set(value: Request) {
      if (isInside()) requestOfWork = value;
      else outer = value;
    },
  });
}
