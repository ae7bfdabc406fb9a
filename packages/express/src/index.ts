export {
  type BeatFormat,
  type BoundaryTracker,
  type DrainOptions,
  type DrainResult,
  drain,
  type HoldCounters,
  type HoldEvent,
  type HoldEventType,
  type HoldHandle,
  type HoldInfo,
  HoldOpenError,
  type HoldOpenErrorCode,
  type LateError,
  type LateOutcome,
  type LateSuccess,
  type Middleware,
  type RequestHold,
  registry,
} from '@holdopen/node';
export { type ExpressHoldOpenOptions, holdOpen } from './hold-open.js';
export { incomingOf } from './incoming.js';
