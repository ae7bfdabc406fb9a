export {
  type BeatFormat,
  type BoundaryTracker,
  type DrainOptions,
  type DrainResult,
  type HoldCounters,
  type HoldEvent,
  type HoldEventType,
  type HoldHandle,
  type HoldInfo,
  HoldOpenError,
  type HoldOpenErrorCode,
  type HoldOpenOptions,
  type LateError,
  type LateOutcome,
  type LateSuccess,
  type Mount,
} from '@holdopen/core';
export type { RequestHold } from '@holdopen/fetch';
export { mountOptions, watchResponse } from './adapter.js';
export type { Framework, PreparedHeader } from './framework.js';
export {
  holdOpen,
  type Listener,
  type ListenerApp,
  type Middleware,
} from './hold-open.js';
export type { NodeRequest, NodeResponse } from './message.js';
export type { MountedSettings, NodeHoldOpenOptions, RunsOption } from './mounted.js';
export { patternOf } from './pattern.js';
export { incomingOf } from './run/incoming.js';
export { answerFromRun, type RunCall } from './run/serve.js';
export { drain, registry } from './surroundings.js';
