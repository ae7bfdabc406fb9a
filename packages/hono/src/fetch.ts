import { type HoldHandle, HoldOpenError, inertHandle } from '@holdopen/core';
import { getHold, type RequestHold, registry, watchCall } from '@holdopen/fetch';
import type { Context, Next } from 'hono';
import { inside } from './inside.js';
import type { Mounted } from './options.js';
import { rememberContext } from './remember.js';
import { routeOf } from './route.js';
import { isSameRequest } from './same-request.js';
import { type HeldCall, splitContext } from './split-context.js';

/**
 * Holds a response where there is nothing below Hono but fetch. Only the very first middleware may
 * answer while the handler still works: around any other, `etag` would read a body that has no end
 * yet, `timeout` would never fire and a logger would see 200 too soon.
 */
export async function holdByFetch(
  c: Context,
  next: Next,
  mounted: Mounted,
  isFirst: boolean,
): Promise<void> {
  const around = heldAround(c);
  if (around !== undefined) {
    c.set('holdOpen', getHold(around.request));
    // Something around this holds the response already; these options win. What a held handler asks
    // of another app is covered by its own hold.
    if (!around.isSame) return next();
    await watchCall(around.request, undefined, mounted.fetch, next, () => routeOf(c));
    return;
  }
  const request = c.req.raw;
  if (!mounted.enabled || isUpgrade(request)) return pass(c, next);
  if (inside === undefined || !isFirst) {
    refuse(c);
    return pass(c, next);
  }
  const scope = inside;
  rememberContext(request, c);
  const call: HeldCall = { request, env: c.env };
  let answered: Response | undefined;
  const answer = async (): Promise<Response | undefined> => {
    await next();
    answered = c.finalized ? c.res : undefined;
    return answered;
  };
  const run = (): Promise<Response | undefined> => {
    c.set('holdOpen', getHold(request));
    return scope.run(call, answer);
  };
  const { fetch } = mounted;
  const given = await watchCall(request, serverOf(c.env), fetch, run, () => routeOf(c));
  if (given !== undefined && given !== answered) void splitContext(c, scope, call, given);
}

/** Calls a whole app so that its middleware finds the hold around it. */
export function callInside<Result>(request: Request, env: unknown, call: () => Result): Result {
  return inside === undefined ? call() : inside.run({ request, env }, call);
}

/** The hold that this context is served by, whatever its middleware has put in the request's place. */
export function fetchHoldOf(c: Context): RequestHold {
  return getHold(heldAround(c)?.request ?? c.req.raw);
}

/** A hold that goes on around this context; `isSame` unless it is of another request's response. */
function heldAround(c: Context): { request: Request; isSame: boolean } | undefined {
  const { raw } = c.req;
  if (isOngoing(getHold(raw))) return { request: raw, isSame: true };
  const outer = inside?.getStore();
  if (outer === undefined || !isOngoing(getHold(outer.request))) return undefined;
  const { url, headers } = outer.request;
  const header = (name: string) => headers.get(name) ?? undefined;
  const isSame = outer.env === c.env && isSameRequest(raw, { url, header });
  return { request: outer.request, isSame };
}

async function pass(c: Context, next: Next): Promise<void> {
  if (c.get('holdOpen') === undefined) c.set('holdOpen', inertHandle());
  await next();
}

/** Not that of an earlier call with the same request. */
function isOngoing({ state }: HoldHandle): boolean {
  return state !== 'off' && state !== 'complete' && state !== 'failed' && state !== 'gone';
}

/** Nothing of it could be held, wherever this stands. */
function isUpgrade(request: Request): boolean {
  // Requests that a test has made up may have none.
  return request.headers?.get('upgrade')?.toLowerCase() === 'websocket';
}

/** Bun's server, which Hono hands to the app as its environment. */
export function serverOf(env: unknown): unknown {
  return (env as { server?: unknown } | null | undefined)?.server ?? env;
}

const CURE =
  'wrap the app instead: export default holdOpen(app), or Bun.serve({ fetch: holdOpen(app).fetch }).';

/** @throws HoldOpenError but on Node, where a test may call the app without a server. */
function refuse(c: Context): void {
  const route = `${c.req.method} ${c.req.path}`;
  if (!isPlainNode()) {
    const where =
      inside === undefined
        ? 'this runtime has no AsyncLocalStorage, so holdOpen cannot be middleware of Hono'
        : 'on this runtime holdOpen must be the very first middleware of Hono, and another one stands before it or around it';
    throw new HoldOpenError('HOLDOPEN_WRONG_MOUNT', `${route}: ${where}; ${CURE}`);
  }
  if (!registry.firstTime('HOLDOPEN_WRONG_MOUNT hono')) return;
  process.emitWarning(
    `holdopen: ${route} was not held, since no server of @hono/node-server called the app. Without one holdOpen must be the very first middleware of Hono; or ${CURE}`,
    { type: 'HoldOpenWarning', code: 'HOLDOPEN_WRONG_MOUNT' },
  );
}

function isPlainNode(): boolean {
  const { navigator, process } = globalThis as {
    navigator?: { userAgent?: string };
    process?: { versions?: Record<string, string> };
  };
  if (navigator?.userAgent === 'Cloudflare-Workers') return false;
  const { versions = {} } = process ?? {};
  return 'node' in versions && !('bun' in versions) && !('deno' in versions);
}
