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
} from '@holdopen/core';
export { createChannels, type EventChannels } from './channels.js';
export { drain } from './drain.js';
export { getHold, holdOfRun } from './handles.js';
export { type FetchHandler, type HandlerResult, holdOpen } from './hold-open.js';
export { holdResponse } from './hold-response.js';
export { type IncomingFacts, incomingOf, keepIncoming, requestOfIncoming } from './incoming.js';
export {
  type FetchHoldOpenOptions,
  type HeadersInput,
  type MountedSettings,
  mountFetchOptions,
} from './mounted.js';
export type { RequestEvent } from './request.js';
export {
  checkRuns,
  type RequestFacts,
  type RequestHold,
  type RunAbout,
  type RunInfo,
  type RunsPort,
  withRunHeaders,
} from './runs.js';
export { environmentSwitch } from './runtime.js';
export { serveRun, waitUntilOf } from './serve-run.js';
export { registry } from './surroundings.js';
export { watchCall } from './watch-call.js';
