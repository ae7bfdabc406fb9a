import { Arm, type PatternSource } from './arm.js';
import { armOf, holdOfRun, rememberArm } from './handles.js';
import type { MountedSettings } from './mounted.js';
import { isBun } from './runtime.js';

/**
 * For adapters: watches one call of whatever answers a request. Gives what it gives, or a held
 * response in its place. Called again within such a call it is the same hold, and the options of the
 * inner one win.
 *
 * @param server Bun's, so that its idle time-out can be raised.
 * @param patternOf Gives the framework's pattern of the route, for metrics; asked when it is needed.
 */
export function watchCall<Result>(
  request: Request,
  server: unknown,
  mounted: MountedSettings<Request>,
  call: () => Result,
  patternOf?: PatternSource,
): Result {
  const arm = watch(request, server, mounted, patternOf);
  if (arm === undefined) return call();
  let result: Result;
  try {
    result = call();
  } catch (error) {
    arm.threw();
    throw error;
  }
  return arm.pass(result) as Result;
}

/** The arm that is to see what the handler gives; `undefined` where an outer mount sees it. */
function watch(
  request: Request,
  server: unknown,
  mounted: MountedSettings<Request>,
  patternOf: PatternSource | undefined,
): Arm | undefined {
  const present = armOf(request);
  if (present?.isOpen === true) {
    present.remount(mounted, patternOf);
    return undefined;
  }
  // What a run records is without beats; those are made for each client.
  if (!mounted.settings.enabled || holdOfRun(request) !== undefined) return undefined;
  const arm = new Arm(request, isBun ? server : undefined, mounted, patternOf);
  rememberArm(request, arm);
  return arm;
}
