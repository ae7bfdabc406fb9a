import { Buffer } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { type HoldHandle, inertHandle, type Mount, resolveOptions } from '@holdopen/core';
import { checkRuns, environmentSwitch } from '@holdopen/fetch';
import { Arm } from './arm.js';
import type { Framework } from './framework.js';
import './handle.js';
import type { NodeRequest, NodeResponse } from './message.js';
import { MountedSettings, type NodeHoldOpenOptions } from './mounted.js';
import { prototypeHooks } from './prototype-hooks.js';
import { registry, surroundings } from './surroundings.js';
import {
  keepTaker,
  rememberTaker,
  replaceFunctions,
  type TakenResponse,
  takerOf,
} from './taker.js';

/**
 * For adapters: checks options once, when they are mounted. On a `'route'` JSON is taken for granted,
 * `'global'`ly nothing is.
 * @throws HoldOpenError if an option is wrong; its message says what to do.
 */
export function mountOptions(
  options: NodeHoldOpenOptions | undefined,
  where: Mount,
): MountedSettings {
  const settings = resolveOptions(options, {
    encode: (text) => Buffer.from(text),
    environment: environmentSwitch(),
    alsoKnown: ['runs'],
  });
  return new MountedSettings(settings, where, checkRuns(options));
}

/**
 * For adapters: watches one response, from before its handler is called. Watched again, the options
 * of the last call win.
 */
export function watchResponse(
  request: NodeRequest,
  response: NodeResponse,
  mounted: MountedSettings,
  framework?: Framework,
): HoldHandle {
  // The compatibility API of HTTP/2 is called as HTTP/1's is; its types do not know it.
  const req = request as IncomingMessage;
  const armed = watch(req, response as unknown as TakenResponse, mounted);
  if (armed === undefined) return inertHandle();
  if (framework !== undefined) armed.framework = framework;
  return armed;
}

/**
 * Watches a response, or lets the options of an inner mount win where it is watched already.
 * `undefined` if it is switched off and nobody watches, or if another copy of this package does.
 */
export function watch(
  req: IncomingMessage,
  res: TakenResponse,
  mounted: MountedSettings,
): Arm | undefined {
  // Switched off, perhaps within a mount that is not.
  if (!mounted.settings.enabled && (req.holdOpen === undefined || req.holdOpen.state === 'off')) {
    req.holdOpen ??= inertHandle();
    return undefined;
  }
  const present = takerOf(res);
  if (present instanceof Arm) {
    present.remount(mounted);
    return present;
  }
  if (isOfAnotherCopy(req)) return undefined;
  const hooks = prototypeHooks(res);
  const fresh = new Arm(req, res, mounted, hooks);
  rememberTaker(req, res, fresh);
  if (hooks === undefined) {
    replaceFunctions(res);
    // These must find it whatever becomes of `res.req`.
    keepTaker(res, fresh);
  }
  mounted.firstLane.add(fresh);
  return fresh;
}

/** Two copies in one process, of two versions perhaps: one of them holds, as if it were mounted once. */
function isOfAnotherCopy({ holdOpen }: IncomingMessage): boolean {
  if (holdOpen === undefined || holdOpen.state === 'off' || holdOpen instanceof Arm) return false;
  if (registry.firstTime('HOLDOPEN_TWO_COPIES')) {
    surroundings.warn(
      'HOLDOPEN_TWO_COPIES',
      'two copies of @holdopen/node are mounted around one response, so that the options of the inner one do nothing. Let all packages share one version: npm dedupe.',
    );
  }
  return true;
}
