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
export {
  holdOpen,
  type Listener,
  type Middleware,
  type NodeHoldOpenOptions,
  type NodeRequest,
  type NodeResponse,
} from './hold-open.js';
export { drain, registry } from './surroundings.js';
