import { inertHandle } from '@holdopen/core';
import type { Arm } from './arm.js';
import { type RequestEvent, requestOf } from './request.js';
import type { RequestHold } from './runs.js';

/** Where a request keeps its arm: a WeakMap of requests that live for a moment is dear to collect. */
const ARM: unique symbol = Symbol('holdOpen');

type ArmedRequest = Request & { [ARM]?: Arm };

/** For requests that let nobody add to them. */
const arms = new WeakMap<Request, Arm>();

/** Handles of the work of runs, whose requests are made for them. None until there is a run. */
let runHandles: WeakMap<Request, RequestHold> | undefined;

export function rememberRun(request: Request, handle: RequestHold): void {
  runHandles ??= new WeakMap();
  runHandles.set(request, handle);
}

/** For adapters: the handle of the work that this request was made for; `undefined` if it was not. */
export function holdOfRun(request: Request): RequestHold | undefined {
  return runHandles?.get(request);
}

/** The call of a handler that is watched for this request. */
export function armOf(request: Request): Arm | undefined {
  return (request as ArmedRequest)[ARM] ?? arms.get(request);
}

export function rememberArm(request: Request, arm: Arm): void {
  try {
    (request as ArmedRequest)[ARM] = arm;
  } catch {
    arms.set(request, arm);
  }
}

/**
 * What a handler can reach of its hold: `signal`, `touch()`, `id` and `state`; and `attempt` if its work
 * is a run. Where holdopen is
 * switched off or not mounted it works and does nothing, and its state is `'off'`.
 *
 * On Deno the signal fires from the first beat on, for Deno warns of whoever listens to the signal of
 * a request before.
 *
 * @example
 * export const POST = holdOpen(async (request) => {
 *   const { signal } = getHold(request);
 *   return Response.json(await workForMinutes({ signal }));
 * });
 */
export function getHold(request: Request | RequestEvent): RequestHold {
  const found = requestOf(request);
  if (found === undefined) return inertHandle();
  return armOf(found) ?? holdOfRun(found) ?? inertHandle();
}
