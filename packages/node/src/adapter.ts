import { Buffer } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { type HoldHandle, inertHandle, type Mount, resolveOptions } from '@holdopen/core';
import { type Arm, type ArmedResponse, arm } from './arm.js';
import type { Framework } from './framework.js';
import './handle.js';
import type { NodeRequest, NodeResponse } from './message.js';
import { MountedSettings, type NodeHoldOpenOptions } from './mounted.js';

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
    environment: process.env.HOLDOPEN,
  });
  return new MountedSettings(settings, where);
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
  const armed = watch(req, response as unknown as ArmedResponse, mounted);
  if (armed === undefined) return inertHandle();
  if (framework !== undefined) armed.framework = framework;
  return armed;
}

/** `undefined` if it is switched off and nobody watches. */
export function watch(
  req: IncomingMessage,
  res: ArmedResponse,
  mounted: MountedSettings,
): Arm | undefined {
  // Switched off, perhaps within a mount that is not.
  if (!mounted.settings.enabled && (req.holdOpen === undefined || req.holdOpen.state === 'off')) {
    req.holdOpen ??= inertHandle();
    return undefined;
  }
  return arm(req, res, mounted);
}
